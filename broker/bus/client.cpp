// The client's side of the bus: a DEALER socket, and a session that is made anew after every reconnect. What was asked
// for and not yet answered lives in State, and start_session() says it all again.
#include "broker/bus/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_set>
#include <zmq.hpp>

#include "broker/bus/codec.h"
#include "broker/bus/following.h"
#include "broker/bus/frames.h"
#include "broker/bus/greeting.h"
#include "broker/bus/link_watch.h"
#include "broker/service/log.h"

namespace parley::bus {

using namespace std::chrono_literals;
using service::Code;
using service::Error;
using service::fail;
namespace {
constexpr std::chrono::milliseconds tick_every = 500ms;  // heartbeats and pings
constexpr std::size_t batch_max = 1024;  // frames taken before other work on the reactor has its turn
constexpr std::size_t publish_batch_bytes = 256 << 10;
constexpr std::size_t body_bytes_max = frame_bytes_max - (1 << 20);  // of a question or an answer

}  // namespace

struct Client::State {
    service::Reactor& reactor;
    ClientOptions options;
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::dealer};
    std::optional<LinkWatch> watch;  // of the connection below: a new one is a new session
    service::Reactor::Handle readable, ticker;
    bool pump_posted = false, flush_posted = false;

    // The link.
    bool up = false;
    std::function<void(bool)> link_changed;
    Error shut_out;
    service::Steady heard{};
    RequestNumber last_request = 0;

    // Publishes, oldest first. A batch on its way has a request number; the others wait for flush().
    struct Pending {
        std::string event;
        Done<Sequence> done;
        RequestNumber request = 0;
        bool alone = false;  // its batch was refused for one event in it: each is sent by itself, to find out which
    };
    std::deque<Pending> pending;
    std::string complaint;      // of the broker, about no request: said once, not at every try
    bool resuming = false;      // hello was said again after a refusal
    bool refused_once = false;  // then those on their way need not all come first

    std::optional<Following> following;

    std::uint32_t slots = 0;
    std::function<void(Job)> job;
    std::function<void(EventId)> cancel;
    std::unordered_set<EventId> leases;
    struct Finishing {
        EventId lease;
        std::string event;
        Done<Sequence> done;
    };
    std::map<RequestNumber, Finishing> finishing;

    struct Asked {
        to_broker::Query query;
        Done<std::string> done;
        service::Reactor::Handle deadline;
    };
    std::map<RequestNumber, Asked> asked;
    std::map<std::string, std::function<void(std::string, std::string, std::chrono::milliseconds, Reply)>> services;
    EventId instance;      // of the broker that we speak with
    Greeting greeting{reactor, [this] { return send(to_broker::Hello{protocol_version, options.name, options.role}); }};
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // shared with replies that outlive us

    State(service::Reactor& r, ClientOptions o) : reactor(r), options(std::move(o)) {}
    ~State() { *alive = false; }

    void connect() {
        socket.set(zmq::sockopt::linger, 100);  // for a last acknowledgement
        socket.set(zmq::sockopt::sndhwm, 0);  // what waits is bounded by unacknowledged_max and deadlines, not by the socket
        socket.set(zmq::sockopt::rcvhwm, 0);  // and what comes by credit
        socket.set(zmq::sockopt::reconnect_ivl, 50);
        if (options.endpoint.starts_with("tcp://")) socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
        socket.set(zmq::sockopt::immediate, true);  // nothing waits for a broker that is away: start_session() says it again
        socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(frame_bytes_max));
        if (!options.keys.own_secret.empty()) {
            socket.set(zmq::sockopt::curve_serverkey, options.keys.broker_public);
            socket.set(zmq::sockopt::curve_publickey, options.keys.own_public);
            socket.set(zmq::sockopt::curve_secretkey, options.keys.own_secret);
        }
        watch.emplace(reactor, context, socket, LinkEvents{[this] { start_session(); }, [this] { greeting.gone(), lost(); }, [this] { key_refused(); }});
        socket.connect(options.endpoint);
        readable = reactor.on_readable(socket.get(zmq::sockopt::fd), [this] { pump(); });
        ticker = reactor.every(std::min(tick_every, options.silent_after / 4), [this] { tick(); });
        reactor.post([this, still = alive] {
            if (!*still) return;
            watch->look();
            pump();
        });
    }

    // Unsent: the link is down, and the next session will say it again.
    bool send(const ToBroker& frame) {
        const auto bytes = encode(frame);
        bool sent = false;
        try {
            sent = socket.send(zmq::buffer(bytes), zmq::send_flags::dontwait).has_value();
        } catch (const zmq::error_t& error) {
            service::log::warning("cannot send to the broker", {{"why", error.what()}});
        }
        pump_soon();  // sending may have swallowed the edge that says there is something to read
        return sent;
    }

    void pump_soon() {
        if (std::exchange(pump_posted, true)) return;
        reactor.post([this, still = alive] {
            if (!*still) return;
            pump_posted = false;
            pump();
        });
    }

    void pump() {
        for (std::size_t taken = 0; taken < batch_max; ++taken) {
            zmq::message_t frame;
            if (!socket.recv(frame, zmq::recv_flags::dontwait)) return;
            heard = reactor.now();
            auto decoded = decode_from_broker(frame.to_string_view());
            if (!decoded) {
                service::log::error("the broker sent what is no frame", {{"why", decoded.error().what}});
                continue;
            }
            const auto still = alive;
            std::visit([this](auto& f) { on(std::move(f)); }, *decoded);
            if (!*still) return;
        }
        pump_soon();
    }

    // It is tried again and again, and said once: the broker's settings may be mended meanwhile.
    void key_refused() {
        if (shut_out) return;
        shut_out = {Code::denied, "the broker does not let this key in", "add the public key to [[bus.allow]] in the broker's settings, and start the broker again"};
        service::log::error(shut_out.what, {{"hint", shut_out.hint}});
    }

    void start_session() {
        heard = reactor.now();
        greeting.say();
    }

    void lost() {
        if (std::exchange(up, false) && link_changed) link_changed(false);
    }

    // Not between a hello and its welcome: it may come into the new session without what was sent before it into an old one.
    bool may_publish() const { return up && !greeting.open(); }

    void tick() {
        const auto now = reactor.now();
        if (up && now - heard > options.silent_after) lost();
        if (!leases.empty()) send(to_broker::Heartbeat{{leases.begin(), leases.end()}});
        else send(to_broker::Ping{});
    }

    void give_up(RequestNumber number) {
        const auto it = asked.find(number);
        if (it == asked.end()) return;
        const auto query = std::move(it->second);
        asked.erase(it);
        query.done(up ? fail(Code::timeout, fmt::format("{} did not answer in time", query.query.service), "try again, or ask for less")
                      : fail(Code::unavailable, "the broker does not answer", "parley up starts it"));
    }

    // -- publish ------------------------------------------------------------------------------------------------------

    void flush_soon() {
        if (!up || std::exchange(flush_posted, true)) return;
        reactor.post([this, still = alive] {
            if (!*still) return;
            flush_posted = false;
            flush();
        });
    }

    // The newest were published last, so what waits is mostly at the end.
    std::deque<Pending>::iterator first_unsent() {
        if (refused_once) return pending.begin();
        return std::partition_point(pending.begin(), pending.end(), [](const Pending& p) { return p.request != 0; });
    }

    // What waits goes out in batches: one frame for all that was published in one turn of the reactor.
    void flush() {
        if (!may_publish()) return;
        to_broker::Publish batch;
        std::size_t bytes = 0;
        const auto send_batch = [&] {
            if (!batch.events.empty()) send(batch);
            batch = {};
            bytes = 0;
        };
        for (auto unsent = first_unsent(); unsent != pending.end(); ++unsent) {
            if (unsent->request != 0) continue;
            if (unsent->alone) send_batch();
            if (batch.events.empty()) batch.request = ++last_request;
            unsent->request = batch.request;
            batch.events.push_back(unsent->event);
            bytes += unsent->event.size();
            if (unsent->alone || bytes >= publish_batch_bytes || batch.events.size() >= batch_max) send_batch();
        }
        send_batch();
    }

    // -- what the broker says -----------------------------------------------------------------------------------------

    void on(const from_broker::Welcome& f) {
        instance = f.instance;
        greeting.answered();
        complaint.clear();
        shut_out = {};
        refused_once = resuming = false;
        for (auto& waiting : pending) waiting.request = 0;
        const bool was_up = std::exchange(up, true);
        for (const auto& [service, handler] : services) send(to_broker::Serve{service});
        if (following) {
            send(to_broker::Follow{following->options, following->any ? following->got : 0});
            if (following->done() > 0) send(to_broker::Acknowledge{following->done()});
        }
        if (!leases.empty()) send(to_broker::Heartbeat{{leases.begin(), leases.end()}});
        flush();  // a run's output before its end
        for (const auto& [number, finish] : finishing) send(to_broker::Finish{number, finish.lease, finish.event});
        if (slots > 0) send(to_broker::Lease{slots});
        for (const auto& [number, query] : asked) send(query.query);
        if (!was_up && link_changed) link_changed(true);
    }

    void on(from_broker::Who) { lost(), greeting.again(); }
    void on(from_broker::Pong) {
        if (!up) greeting.again();  // it was silent for so long that we had given it up
    }

    void on(const from_broker::Published& f) {
        const auto still = alive;
        for (const auto sequence : f.sequences) {
            const auto it = std::find_if(pending.begin(), pending.end(), [&](const Pending& p) { return p.request == f.request; });
            if (it == pending.end()) return;  // an answer to an earlier session
            auto done = std::move(it->done);
            pending.erase(it);
            if (done) done(sequence);
            if (!*still) return;
        }
    }

    // The broker takes nothing more from a bridge until hello is said again; so that order is kept, all goes back.
    void give_back(const Error& error) {
        if (!std::exchange(resuming, true)) start_session();
        const auto still = alive;
        for (auto& unwritten : std::exchange(pending, {}))
            if (unwritten.done && *still) unwritten.done(fail(error));
    }
    void on(const from_broker::Refused& f) {
        if (const auto it = finishing.find(f.request); it != finishing.end()) {
            auto finish = std::move(it->second);
            finishing.erase(it);
            if (finish.done) finish.done(fail(f.error));
            return;
        }
        if (f.error.code == Code::io && f.request != 0 && options.role == Role::bridge) return give_back(f.error);
        const auto ours = [&](const Pending& p) { return f.request != 0 && p.request == f.request; };
        const auto count = std::count_if(pending.begin(), pending.end(), ours);
        if (count == 0) {
            if (std::exchange(complaint, f.error.what) != f.error.what) service::log::error("the broker refused", {{"what", f.error.what}, {"hint", f.error.hint}});
        } else if (count == 1 || f.error.code == Code::io || f.error.code == Code::unavailable) {  // no event's own fault
            const auto still = alive;
            for (auto left = count; left > 0 && *still; --left) {
                const auto it = std::find_if(pending.begin(), pending.end(), ours);
                auto done = std::move(it->done);
                pending.erase(it);
                if (done) done(fail(f.error));
            }
        } else {
            for (auto& waiting : pending) {
                if (!ours(waiting)) continue;
                waiting.request = 0;
                waiting.alone = true;
            }
            refused_once = true;
            flush_soon();
        }
    }

    void on(from_broker::Events f) {
        if (!following) return;
        std::vector<Followed> out;
        out.reserve(f.events.size());
        for (auto& carried : f.events) {
            if (following->any && carried.sequence <= following->got) continue;  // from before a reconnect
            following->any = true;
            following->got = carried.sequence;
            auto event = decode(carried.event);
            if (!event) {
                service::log::error("an event of the journal cannot be read; it is passed over", {{"sequence", carried.sequence}, {"why", event.error().what}});
                continue;
            }
            event->sequence = carried.sequence;
            event->journaled = carried.journaled;
            out.push_back({std::move(*event), std::move(carried.recipients)});
        }
        if (!out.empty()) {
            following->handed = out.back().event.sequence;
            following->events(std::move(out));
        } else if (following->done() > 0) {
            send(to_broker::Acknowledge{following->done()});
        }
    }

    void on(from_broker::JobOffer f) {
        auto event = decode(f.event);
        if (!event || event->kind() != Kind::command_requested || !job) {
            service::log::error("a job cannot be read", {{"why", event ? "it is no command" : event.error().what}});
            return;  // its lease lapses, and the room is told
        }
        event->sequence = f.sequence;
        if (!leases.insert(f.lease).second) return;  // offered again after a reconnect
        job(Job{f.lease, std::move(*event), f.attempt, f.heartbeat_every});
    }
    void on(const from_broker::Cancel& f) {
        if (cancel) cancel(f.run);
    }
    void on(const from_broker::Finished& f) {
        const auto it = finishing.find(f.request);
        if (it == finishing.end()) return;
        auto finish = std::move(it->second);
        finishing.erase(it);
        if (finish.done) finish.done(f.sequence);
    }
    void on(from_broker::Reply f) {
        const auto it = asked.find(f.request);
        if (it == asked.end()) return;
        auto query = std::move(it->second);
        asked.erase(it);
        if (f.error) query.done(fail(f.error));
        else query.done(std::move(f.body));
    }
    void on(from_broker::Query f) {
        const auto handler = services.find(f.service);
        if (handler == services.end()) {
            send(to_broker::Reply{f.request, {Code::not_found, "no such service here", {}}, {}});
            return;
        }
        handler->second(std::move(f.method), std::move(f.body), f.deadline, [this, still = alive, request = f.request, asker = instance](service::Result<std::string> reply) {
            if (!*still || instance != asker) return;  // another broker numbers its questions anew
            if (reply && reply->size() > body_bytes_max) reply = fail(Code::limit, "the answer is larger than 7 MiB", "ask for less");
            if (reply) send(to_broker::Reply{request, {}, std::move(*reply)});
            else send(to_broker::Reply{request, reply.error(), {}});
        });
    }
};

Client::Client(service::Reactor& reactor, ClientOptions options) : state_(std::make_unique<State>(reactor, std::move(options))) { state_->connect(); }
Client::~Client() = default;

void Client::publish(const Event& event, Done<Sequence> done) { publish_encoded(encode(event), std::move(done)); }

void Client::publish_encoded(std::string bytes, Done<Sequence> done) {
    const auto refuse = [&](Error error) {
        if (done) state_->reactor.post([done = std::move(done), error = std::move(error)] { done(fail(error)); });
    };
    if (state_->pending.size() >= state_->options.unacknowledged_max) {
        return refuse({Code::limit, fmt::format("{} events wait for the broker", state_->pending.size()), "slow down until some are acknowledged"});
    }
    if (bytes.size() > event_bytes_max) return refuse({Code::limit, fmt::format("an event of {} bytes is too large", bytes.size()), "split it: at most 1 MiB"});
    state_->pending.push_back({std::move(bytes), std::move(done), 0});
    state_->flush_soon();
}

void Client::on_link(std::function<void(bool)> changed) {
    state_->link_changed = std::move(changed);
    if (state_->up) {
        state_->reactor.post([this, still = state_->alive] {
            if (*still && state_->up && state_->link_changed) state_->link_changed(true);
        });
    }
}
bool Client::linked() const { return state_->up; }
const service::Error& Client::shut_out() const { return state_->shut_out; }
std::size_t Client::unacknowledged() const { return state_->pending.size() + state_->finishing.size(); }

void Client::follow(FollowOptions options, std::function<void(std::vector<Followed>)> events) {
    state_->following = Following{std::move(options), std::move(events)};
    if (state_->up) state_->send(to_broker::Follow{state_->following->options, 0});
}
void Client::acknowledge(Sequence sequence) {
    auto& following = state_->following;
    if (!following) return;
    following->acknowledged = std::max(following->acknowledged, sequence);
    if (state_->up) state_->send(to_broker::Acknowledge{following->done()});
}

void Client::lease(std::uint32_t slots, std::function<void(Job)> job, std::function<void(EventId)> cancel) {
    state_->slots = slots;
    state_->job = std::move(job);
    state_->cancel = std::move(cancel);
    if (state_->up) state_->send(to_broker::Lease{slots});
}
void Client::finish(const Job& job, Event finished, Done<Sequence> done) {
    state_->leases.erase(job.lease);
    const auto request = ++state_->last_request;
    auto& finish = state_->finishing[request] = {job.lease, encode(finished), std::move(done)};
    if (!state_->may_publish()) return;
    state_->flush();  // its output first
    state_->send(to_broker::Finish{request, finish.lease, finish.event});
}

void Client::query(std::string service, std::string method, std::string request, std::chrono::milliseconds deadline, Done<std::string> done) {
    constexpr std::size_t asked_max = 4096;
    const char* why = state_->asked.size() >= asked_max ? "too many questions wait for an answer"
                      : request.size() > body_bytes_max ? "the question is larger than 7 MiB"
                                                        : nullptr;
    if (why != nullptr) {
        state_->reactor.post([done = std::move(done), why] { done(fail(Code::limit, why, "ask less, or later")); });
        return;
    }
    deadline = std::clamp<std::chrono::milliseconds>(deadline, 1ms, 24h);
    const auto number = ++state_->last_request;
    auto& asked = state_->asked[number] = {{number, std::move(service), std::move(method), std::move(request), deadline}, std::move(done), {}};
    asked.deadline = state_->reactor.after(deadline, [state = state_.get(), number] { state->give_up(number); });
    if (state_->up) state_->send(asked.query);
}

void Client::serve(std::string service, std::function<void(std::string, std::string, std::chrono::milliseconds, Reply)> handler) {
    state_->services[service] = std::move(handler);
    if (state_->up) state_->send(to_broker::Serve{std::move(service)});
}

}  // namespace parley::bus
