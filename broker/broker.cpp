#include "broker/broker.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "broker/access.h"
#include "broker/bus/codec.h"
#include "broker/cancelling.h"
#include "broker/committer.h"
#include "broker/ends.h"
#include "broker/jobs/jobs.h"
#include "broker/pusher.h"
#include "broker/questions.h"
#include "broker/routing/router.h"
#include "broker/service/log.h"
#include "broker/service/metrics.h"
#include "broker/session.h"
#include "broker/status.h"

namespace parley::broker {

using namespace std::chrono_literals;
using bus::Event;
using bus::Kind;
using bus::Peer;
using bus::Value;
using service::Code;
using service::Error;
using service::fail;
namespace log = service::log;

namespace {

constexpr auto tick_every = 250ms;
constexpr auto cursors_every = 1s;      // a restart asks again for at most so much
constexpr auto sweep_every = 60s;
constexpr auto silent_after = 10s;      // clients ping every half second
constexpr unsigned journal_format = 3;  // of all tables in its store (docs/formats.md)
constexpr std::size_t sessions_max = 1024;
constexpr std::uint32_t slots_max = 256;
constexpr std::size_t kept_bytes_max = 16 << 20;  // of workers, while the disk is full
constexpr std::size_t services_max = 16;  // of one process
constexpr std::uint32_t attempts_max = 3; // of an idempotent run

}  // namespace

struct Broker::State {
    service::Reactor& reactor;
    const service::Clock& clock;
    service::Random& random;
    Settings settings;
    Commands commands;
    store::Env env;
    journal::Journal journal;
    jobs::Jobs jobs;
    routing::Router router;
    bus::EventId instance = bus::random_id(random);
    std::unique_ptr<bus::Server> server;
    std::map<Peer, Session> sessions;
    std::map<std::string, Peer> serving;
    Questions questions;
    Committer committer;
    std::map<std::string, bus::Sequence> moved;  // cursors that have moved since they were last written
    Pusher pusher;
    Work work;
    service::Steady cursors_written{};
    service::Steady swept{};
    std::vector<Peer> unheard;  // a refusal did not reach them: they would wait for an answer for ever
    Error trouble;  // of the last commit; none if it went well
    service::Reactor::Handle ticker;
    std::uint64_t commits = 0, events = 0;
    service::Metrics metrics;
    service::Metrics::Histogram& commit_took = metrics.histogram("parley_broker_commit_seconds", "Time until a group of events was on disk");

    State(service::Reactor& r, const service::Clock& k, service::Random& n, const Settings& s, Commands c)
        : reactor(r), clock(k), random(n), settings(s), commands(std::move(c)), env(s.house.data / "journal", {.logged = true, .format = journal_format, .same_from = 1}), journal(env),
          jobs(env, clock.steady() + s.grace), router(s.house.gateways, s.house.rooms), questions([this](const Peer& p, const bus::FromBroker& f) { return send(p, f); }),
          committer(journal, jobs, commands, clock, random, s.heartbeat_every),
          pusher(journal, router, r, sessions, moved, [this](const Peer& p, const bus::FromBroker& f) { return send(p, f); }) {}

    bool send(const Peer& peer, const bus::FromBroker& frame) { return server->send(peer, frame); }
    void refuse(const Peer& peer, bus::RequestNumber request, Error error) {
        metrics.counter("parley_broker_refused_total", "Requests refused, by reason", {{"code", std::string(service::name(error.code))}}).add();
        if (!send(peer, bus::from_broker::Refused{request, std::move(error)})) unheard.push_back(peer);
    }
    void refuse(const Peer& peer, bus::RequestNumber request, Code code, std::string what, std::string hint = {}) {
        refuse(peer, request, Error{code, std::move(what), std::move(hint)});
    }

    // -- frames -------------------------------------------------------------------------------------------------------

    void on_message(const Peer& peer, const bus::Proof& proof, bus::ToBroker frame) {
        if (auto* hello = std::get_if<bus::to_broker::Hello>(&frame)) return on_hello(peer, proof, *hello);
        const auto session = sessions.find(peer);
        if (session == sessions.end()) {
            send(peer, bus::from_broker::Who{});
            return;
        }
        session->second.heard = clock.steady();
        try {
            std::visit([&](auto& f) { on(session->second, std::move(f)); }, frame);
        } catch (const store::Failure& failure) {
            // It says hello again and asks anew, until there is room on the disk.
            refuse(peer, 0, Code::io, failure.what());
            drop(session);
        }
    }

    void on_hello(const Peer& peer, const bus::Proof& proof, const bus::to_broker::Hello& hello) {
        if (const auto no = may_speak(hello.version)) return refuse(peer, 0, no);
        if (proof.known && (proof.role != hello.role || proof.name != hello.name)) {
            return refuse(peer, 0, Code::denied, fmt::format("this key belongs to the {} {}", bus::name(proof.role), proof.name), "use the key that was made for this process");
        }
        if (hello.name.empty() || hello.name.size() > 200) return refuse(peer, 0, Code::invalid, "a process needs a name of 1 to 200 bytes");
        if (!sessions.contains(peer) && sessions.size() >= sessions_max) {
            return refuse(peer, 0, Code::limit, fmt::format("{} processes are connected", sessions.size()), "end some of them");
        }
        if (const auto former = sessions.find(peer); former != sessions.end()) drop(former);  // with all that it offered
        drop_older(peer, hello);
        auto& session = sessions[peer];
        session = {};
        session.peer = peer;
        session.name = hello.name;
        session.role = hello.role;
        session.heard = clock.steady();
        send(peer, bus::from_broker::Welcome{bus::protocol_version, instance});
        log::info("joined", {{"name", hello.name}, {"role", bus::name(hello.role)}});
    }

    // A process that came back takes the place of its former self. Several operators may have one name.
    void drop_older(const Peer& peer, const bus::to_broker::Hello& hello) {
        if (hello.role == bus::Role::operator_) return;
        for (auto it = sessions.begin(); it != sessions.end();) {
            const bool same = it->second.name == hello.name && it->second.role == hello.role && it->first != peer;
            it = same ? drop(it) : std::next(it);
        }
    }

    std::map<Peer, Session>::iterator drop(std::map<Peer, Session>::iterator it) {
        questions.gone(it->first);
        for (const auto& service : it->second.services) {
            if (const auto found = serving.find(service); found != serving.end() && found->second == it->first) serving.erase(found);
        }
        return sessions.erase(it);
    }

    void on(Session&, bus::to_broker::Hello) {}
    void on(Session& session, bus::to_broker::Ping) { send(session.peer, bus::from_broker::Pong{}); }

    void on(Session& session, bus::to_broker::Publish frame) {
        if (session.stalled) return refuse(session.peer, frame.request, trouble ? trouble : Error{Code::io, "what came before could not be written", "it is taken again"});
        std::vector<Event> decoded;
        decoded.reserve(frame.events.size());
        for (const auto& bytes : frame.events) {
            auto event = bus::decode(bytes);  // the whole of it: what cannot be read back does not go into the journal
            if (!event) return refuse(session.peer, frame.request, event.error());
            if (const auto error = may_publish(session.role, session.name, *event, settings.house)) return refuse(session.peer, frame.request, error);
            decoded.push_back(std::move(*event));
        }
        work.publishes.push_back({session.peer, std::move(frame), std::move(decoded)});
    }

    void on(Session& session, bus::to_broker::Finish frame) {
        auto event = bus::decode(frame.event);
        if (!event || event->kind() != Kind::run_finished) {
            return refuse(session.peer, frame.request, Code::invalid, event ? "a job is finished by a RunFinished" : event.error().what);
        }
        work.finishes.push_back({session.peer, std::move(frame), std::move(*event)});
    }

    void on(Session& session, bus::to_broker::Follow frame) {
        if (auto error = pusher.begin(session, std::move(frame), clock.now())) refuse(session.peer, 0, error.code, error.what, error.hint);
        else pusher.push(session);
    }
    void on(Session& session, bus::to_broker::Acknowledge frame) {
        pusher.acknowledge(session, frame.sequence);
        pusher.push_soon(session);
    }

    void on(Session& session, bus::to_broker::Lease frame) {
        if (session.role != bus::Role::worker && session.role != bus::Role::operator_) return refuse(session.peer, 0, Code::denied, "only workers lease jobs");
        session.slots = std::min(frame.slots, slots_max);
        for (const auto& job : jobs.list()) {  // what it did not hear while it was away
            if (job.cancelling && job.worker == session.name) send(session.peer, bus::from_broker::Cancel{job.run});
        }
    }
    void on(Session&, bus::to_broker::Heartbeat frame) {
        for (const auto& lease : frame.leases) jobs.heartbeat(lease, clock.steady() + 4 * settings.heartbeat_every);
    }

    void on(Session& session, bus::to_broker::Serve frame) {
        if (session.services.size() >= services_max) return refuse(session.peer, 0, Code::limit, "one process offers too many services");
        if (const auto error = may_serve(session.role, session.name, frame.service)) return refuse(session.peer, 0, error);
        serving[frame.service] = session.peer;
        session.services.insert(std::move(frame.service));
    }
    void on(Session& session, bus::to_broker::Query frame) {
        if (frame.service == "broker") return answer_ourselves(session, frame);
        const auto server_of = serving.find(frame.service);
        if (server_of == serving.end()) {
            return questions.refuse(session.peer, frame.request, {Code::unavailable, fmt::format("nobody offers \"{}\" just now", frame.service), "parley status shows what runs"});
        }
        questions.ask(session.peer, std::move(frame), server_of->second, clock.steady());
    }
    void on(Session& session, bus::to_broker::Reply frame) { questions.answer(session.peer, std::move(frame)); }

    // -- the commit ---------------------------------------------------------------------------------------------------

    // They are asked who they are when they speak next, and say all of it again.
    void drop_unheard() {
        for (const auto& peer : std::exchange(unheard, {})) {
            if (const auto session = sessions.find(peer); session != sessions.end()) drop(session);
        }
    }

    void commit() {
        drop_unheard();
        collect_slots();
        const bool cursors_due = !moved.empty() && clock.steady() - cursors_written > cursors_every;
        if (cursors_due) {
            work.cursors.assign(moved.begin(), moved.end());
            moved.clear();
            cursors_written = clock.steady();
        }
        if (work.empty() && (work.slots.empty() || !jobs.any_waiting())) return work.slots.clear();
        auto now = std::exchange(work, {});
        const auto begun = clock.steady();
        const auto done = committer.commit(now);
        commit_took.observe(clock.steady() - begun);
        ++commits;
        events += done.events;
        if (done.error && !trouble) log::error("the journal cannot be written", {{"why", done.error.what}, {"hint", done.error.hint}});
        if (!done.error && trouble) log::info("the journal is written again");
        trouble = done.error;
        if (done.error) keep_or_refuse(std::move(now), done.error);
        const auto answer = [&] {
            for (const auto& [peer, frame] : done.answers) {
                if (!send(peer, frame)) unreachable(peer, frame);
            }
        };
        if (done.events == 0) return answer();
        // Those first who only listen: who spoke has what it said, and does not wait for the answer to it.
        std::set<Peer> spoke;
        for (const auto& [peer, frame] : done.answers) spoke.insert(peer);
        pusher.push_all(spoke, answer);
    }

    // Bridges and the page keep what was not written, and try again. Workers have no spool: what they say and how their
    // runs ended waits here, up to a limit, for the next tick.
    void keep_or_refuse(Work failed, const Error& error) {
        std::size_t bytes = 0;
        for (auto& publish : failed.publishes) {
            const auto session = sessions.find(publish.peer);
            for (const auto& event : publish.frame.events) bytes += event.size();
            const bool kept = session != sessions.end() && session->second.role == bus::Role::worker && bytes <= kept_bytes_max;
            if (kept) {
                work.publishes.push_back(std::move(publish));
                continue;
            }
            refuse(publish.peer, publish.frame.request, error);
            // What it has sent meanwhile must not overtake this.
            if (session != sessions.end() && session->second.role == bus::Role::bridge) session->second.stalled = true;
        }
        for (auto& finish : failed.finishes) {
            const auto same = [&](const PendingFinish& other) { return other.event.id == finish.event.id && other.peer == finish.peer; };
            if (std::none_of(work.finishes.begin(), work.finishes.end(), same)) work.finishes.push_back(std::move(finish));
        }
        for (auto& end : failed.ends) {  // what was lost is found again; who cancelled has been told already
            if (std::get<bus::RunFinished>(end.finished.body).outcome == bus::Outcome::cancelled) work.ends.push_back(std::move(end));
        }
        moved.insert(failed.cursors.begin(), failed.cursors.end());  // those that moved on meanwhile stay
    }

    // A worker that died takes no job with it that never reached it.
    void unreachable(const Peer& peer, const bus::FromBroker& frame) {
        if (const auto* offer = std::get_if<bus::from_broker::JobOffer>(&frame)) {
            if (const auto run = jobs.run_of(offer->lease)) work.requeues.push_back(*run);
        }
        const auto session = sessions.find(peer);
        if (session == sessions.end()) return;
        log::info("left", {{"name", session->second.name}});
        drop(session);
    }

    void collect_slots() {
        work.slots.clear();
        for (const auto& [peer, session] : sessions) {
            if (session.slots == 0) continue;
            for (auto held = jobs.held_by(session.name); held < session.slots; ++held) work.slots.push_back({peer, session.name});
        }
    }

    // -- time ---------------------------------------------------------------------------------------------------------

    void tick() {
        const auto now = clock.steady();
        for (auto it = sessions.begin(); it != sessions.end();) {
            if (now - it->second.heard <= silent_after) {
                ++it;
                continue;
            }
            log::info("left", {{"name", it->second.name}});
            it = drop(it);
        }
        questions.expire(now);
        for (const auto& run : jobs.lapsed(now)) {
            const auto& job = *jobs.find(run);
            if (job.idempotent && !job.cancelling && job.attempt < attempts_max) {
                work.requeues.push_back(run);
                continue;
            }
            log::warning("a run is lost", {{"run", run.brief()}, {"command", job.command}, {"worker", job.worker}});
            work.ends.push_back({end_of(job, bus::Outcome::lost, "its worker died or was cut off", fmt::format("`{}` was lost: its worker died in the middle. It was not run again. (run {})", job.command, run.brief()), clock.now(), settings.house.name)});
        }
        if (now - swept > sweep_every) {
            try {
                const auto removed = journal.sweep(settings.retention, clock.now());
                if (removed < settings.retention.records_per_sweep) swept = now;  // otherwise there is more: the next tick goes on
            } catch (const store::Failure& failure) {
                log::error("old events cannot be removed", {{"why", failure.what()}});
                swept = now;
            }
        }
        commit();
        pusher.push_all();  // those that had to look at much for little
    }

    // -- the service "broker" -----------------------------------------------------------------------------------------

    void answer_ourselves(const Session& session, const bus::to_broker::Query& query) {
        const auto request = query.body.empty() ? service::Result<Value>(Value()) : Value::decode(query.body);
        if (!request) return questions.refuse(session.peer, query.request, request.error());
        Value reply;
        if (query.method == "status") reply = status();
        else if (query.method == "metrics") reply = Value::map({{"text", metrics.prometheus() + Gauges(status()).prometheus()}});
        else if (query.method == "gateways") reply = gateways_of(settings.house);
        else if (query.method == "commands") {
            const auto room = bus::RoomAddress::from_text((*request)["room"].text()).value_or(bus::RoomAddress{});
            reply = commands.list((*request)["identity"].text(), room);
        } else if (query.method == "forget") {
            auto forgotten = forget((*request)["cursor"].text());
            if (!forgotten) return questions.refuse(session.peer, query.request, forgotten.error());
            reply = std::move(*forgotten);
        } else if (query.method == "cancel") {
            auto cancelled = cancel(session.role, *request);
            if (!cancelled) return questions.refuse(session.peer, query.request, cancelled.error());
            reply = std::move(*cancelled);
        } else {
            return questions.refuse(session.peer, query.request, {Code::not_found, fmt::format("the broker has no \"{}\"", query.method), "it has status, metrics, commands, cancel, gateways and forget"});
        }
        send(session.peer, bus::from_broker::Reply{query.request, {}, reply.encode()});
    }

    Value status() {
        auto followers = Value(Value::List{});
        auto accounts = Value(Value::List{});
        std::map<std::string, bus::Sequence> places;
        for (const auto& [name, place] : journal.cursors()) places[name] = place.sequence;
        for (const auto& [name, sequence] : moved) places[name] = std::max(places[name], sequence);
        for (const auto& [name, sequence] : places) {
            const bool connected = std::any_of(sessions.begin(), sessions.end(), [&, &cursor = name](const auto& s) { return s.second.following && s.second.following->options.cursor == cursor; });
            followers.push(Value::map({{"name", name}, {"cursor", sequence}, {"lag", journal.last() - std::min(sequence, journal.last())}, {"lag_us", waited(journal, sequence, clock.now()).count()}, {"connected", connected}}));
        }
        for (const auto& [name, platform] : settings.house.accounts) {
            const bool connected = platform == "web" || std::any_of(sessions.begin(), sessions.end(), [&, &account = name](const auto& s) { return s.second.role == bus::Role::bridge && s.second.name == account; });
            accounts.push(Value::map({{"name", name}, {"platform", platform}, {"connected", connected}}));
        }
        std::size_t workers = 0;
        for (const auto& [peer, session] : sessions) workers += session.role == bus::Role::worker;
        return Value::map({{"sequence", journal.last()}, {"first", journal.first()}, {"events", events}, {"commits", commits}, {"trouble", trouble.text()}, {"journal_bytes", env.used_bytes()},
                           {"jobs", Value::map({{"queued", jobs.queued()}, {"running", jobs.running()}})}, {"workers", workers},
                           {"accounts", std::move(accounts)}, {"followers", std::move(followers)}});
    }

    // A follower that will not come back would keep retention waiting for ever.
    service::Result<Value> forget(const std::string& cursor) {
        for (const auto& [peer, session] : sessions) {
            if (session.following && session.following->options.cursor == cursor) return fail(Code::conflict, session.name + " is following there", "stop it first");
        }
        moved.erase(cursor);
        if (!journal.forget_cursor(cursor)) return fail(Code::not_found, fmt::format("no follower is named \"{}\"", cursor), "parley status names them");
        log::info("a follower is forgotten", {{"cursor", cursor}});
        return Value::map({{"forgotten", cursor}});
    }

    service::Result<Value> cancel(bus::Role role, const Value& request) {
        auto asked = asked_to_cancel(request);
        if (role == bus::Role::web) {  // a person who is no command: the rules decide as they do for one
            const auto rule = commands.rule("cancel", request["identity"].text(), static_cast<bus::Strength>(std::clamp<std::int64_t>(request["strength"].number(), 0, 2)),
                                            bus::RoomAddress::from_text(request["room"].text()).value_or(bus::RoomAddress{}));
            if (!rule) return fail(Code::denied, "you may not cancel runs here", "[command.cancel] in the settings says who may");
            asked.anyones = *rule != "*";
        }
        const auto run = run_to_cancel(jobs, asked);
        if (!run) return fail(run.error());
        const auto& job = *jobs.find(*run);
        auto reply = Value::map({{"run", run->text()}, {"command", job.command}, {"state", job.lease ? "cancelling" : "cancelled"}});
        if (request["try"].boolean()) return reply;
        if (!job.lease) {
            work.ends.push_back({end_of(job, bus::Outcome::cancelled, "cancelled by " + asked.who, fmt::format("`{}` was cancelled by {} before it began.", job.command, asked.who), clock.now(), settings.house.name)});
            return reply;
        }
        jobs.cancelling(*run);
        for (const auto& [peer, session] : sessions) {
            if (session.name == job.worker) send(peer, bus::from_broker::Cancel{*run});
        }
        return reply;
    }
};

Broker::Broker(std::unique_ptr<State> state) : state_(std::move(state)) {}

Broker::~Broker() {
    auto& state = *state_;
    state.ticker.cancel();
    state.cursors_written = {};
    for (auto& [peer, session] : state.sessions) session.slots = 0;  // no new claims: nobody would hear of them
    try {
        state.commit();
    } catch (const std::exception& error) {
        log::error("the last cursors could not be written", {{"why", error.what()}});
    }
}

service::Result<std::unique_ptr<Broker>> Broker::start(service::Reactor& reactor, const service::Clock& clock, service::Random& random, const Settings& settings,
                                                       Commands commands) {
    const auto keys = bus::keys_of(settings.house, "broker");
    if (!keys) return fail(keys.error());
    std::unique_ptr<State> state;
    try {
        state = std::make_unique<State>(reactor, clock, random, settings, std::move(commands));
    } catch (const store::Failure& failure) {
        if (!failure.busy()) return fail(Code::io, failure.what());
        return fail(Code::conflict, fmt::format("a broker is already running on {}", (settings.house.data / "journal").string()), "stop it first, or set another [parley] data");
    }
    auto* raw = state.get();
    auto server = bus::Server::bind(reactor, settings.house.endpoint, *keys, settings.house.allowed,
                                    {[raw](const Peer& p, const bus::Proof& proof, bus::ToBroker f) { raw->on_message(p, proof, std::move(f)); },
                                     [](const Peer&, const Error& error) { log::warning("a peer sent what is no frame", {{"why", error.what}}); },
                                     [raw] { raw->commit(); }});
    if (!server) return fail(server.error());
    state->server = std::move(*server);
    state->ticker = reactor.every(tick_every, [raw] { raw->tick(); });
    log::info("ready", {{"endpoint", settings.house.endpoint}, {"sequence", state->journal.last()}, {"open_runs", state->jobs.list().size()}});
    return std::unique_ptr<Broker>(new Broker(std::move(state)));
}

}  // namespace parley::broker
