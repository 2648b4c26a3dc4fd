#include "bridges/kit/bridge.h"

#include <algorithm>

#include "bridges/kit/pack.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using namespace std::chrono_literals;
using bus::Value;
using service::Error;

constexpr auto save_every = 1s;
// Nobody has spoken yet, but we are there: what is said from now on is missed if we leave, not old. A little earlier than
// now, for what is on its way; what we have already is known by its id.
constexpr auto on_its_way = 2s;
constexpr std::size_t unacknowledged_max = 1 << 20;  // the spool's limit is reached first

std::string_view name(Link link) {
    switch (link) {
        case Link::up:
            return "up";
        case Link::connecting:
            return "connecting";
        case Link::down:
            break;
    }
    return "down";
}

store::EnvOptions env_options() {
    store::EnvOptions options;
    options.map_bytes = std::uint64_t{64} << 30;
    options.sync = store::Sync::on_demand;
    options.logged = true;
    options.format = 3;  // of outbox, identities and what else is in there (docs/formats.md)
    options.same_from = 1;
    return options;
}

bus::ClientOptions client_options(const BridgeOptions& options) {
    bus::ClientOptions out;
    out.endpoint = options.house.endpoint;
    out.name = options.account;
    out.role = bus::Role::bridge;
    out.keys = options.keys;
    out.unacknowledged_max = unacknowledged_max;
    return out;
}

std::set<std::string> rooms_of(const BridgeOptions& options) {
    const auto rooms = options.house.rooms_of(options.account);
    return {rooms.begin(), rooms.end()};
}

}  // namespace

Bridge::Bridge(service::Reactor& reactor, const service::Clock& clock, service::Random& random, BridgeOptions options)
    : reactor_(reactor),
      clock_(clock),
      options_(std::move(options)),
      rooms_(rooms_of(options_)),
      env_(options_.folder / "store", env_options()),
      alive_table_(env_, "alive"),
      meta_(env_, "meta"),
      identities_(env_),
      client_(reactor, client_options(options_)),
      dead_letters_(options_.dead_letters, clock),
      intake_({reactor, clock, random, client_, env_, identities_, options_.house}, options_.account,
              options_.folder / "spool", {options_.spool_bytes_max, options_.held_bytes_max}),
      courier_({reactor, clock, client_, env_, identities_, intake_, dead_letters_, {options_.house.name, options_.house.page},
                [this](const std::string& room) { return options_.house.catch_up({options_.account, room}); },
                [this](const std::string& room) { return options_.house.holds_doubt({options_.account, room}); }},
               options_.outbox) {
    const store::ReadTxn txn(env_);
    store::Cursor cursor(txn, alive_table_);
    for (bool more = cursor.first(); more; more = cursor.next()) {
        const auto fields = unpack(cursor.value());
        if (!fields || fields->size() != 2) continue;
        alive_[std::string((*fields)[0])] =
            service::Time(std::chrono::microseconds(static_cast<std::int64_t>(store::number_of((*fields)[1]))));
    }
}

Bridge::~Bridge() = default;

void Bridge::start(const Make& make) {
    platform_ = make(*this);
    courier_.set_platform(platform_.get());
    courier_.set_speakable([this](const std::string& room) { return speakable(room); });
    intake_.on_hold([this](bool held) { hold(held); });
    intake_.publish_recovered();
    follow();
    serve_status();
    ticker_ = reactor_.every(save_every, [this] {
        // Late: we were stopped, or busy, and what came meanwhile has not been looked at.
        const bool late = clock_.steady() - ticked_ > 2 * save_every;
        ticked_ = clock_.steady();
        if (!late) save();
    });
    ticked_ = clock_.steady();
    save();
    platform_->connect();
}

void Bridge::stop() {
    if (platform_) platform_->disconnect();
    save();
    if (lost_power_) return;  // the broker could not be asked yet: the next start is to doubt, too
    try {
        note("boot", "");
    } catch (const store::Failure&) {  // then the next power cut puts more in doubt than is
    }
}

// A new account begins with what is said from now on, not with the whole journal. After a power cut we do not know what we
// have said of what comes now: all that the journal has already is in doubt (docs/decisions/0003).
void Bridge::follow() {
    {
        const store::ReadTxn txn(env_);
        is_new_ = !meta_.get(txn, "followed");
        const auto boot = meta_.get(txn, "boot");
        lost_power_ = boot && !boot->empty() && *boot != options_.boot;
        if (const auto doubt = meta_.get(txn, "doubt")) courier_.doubt_until(store::number_of(*doubt));
    }
    if (lost_power_) courier_.doubt_what_waits();
    if (!is_new_ && !lost_power_)
        return follow_from(bus::FollowOptions::Start::cursor, [this](auto events) { courier_.take(std::move(events)); });
    // The broker makes the cursor as soon as it is asked; what comes meanwhile comes again, from there.
    if (is_new_) follow_from(bus::FollowOptions::Start::now, [](const auto&) {});
    ask_where_to_begin();
}

void Bridge::ask_where_to_begin() {
    client_.query("broker", "status", Value::map({}).encode(), 10s, [this](service::Result<std::string> status) {
        try {
            if (status) return begin_from(*status);
        } catch (const store::Failure& failure) {
            service::log::error("cannot save that we follow; trying again", {{"why", failure.what()}});
        }
        ask_again_ = reactor_.after(save_every, [this] { ask_where_to_begin(); });
    });
}

void Bridge::begin_from(const std::string& status) {
    const auto reply = Value::decode(status);
    const auto last = static_cast<bus::Sequence>(reply ? (*reply)["sequence"].number() : 0);
    store::WriteTxn txn(env_);
    meta_.put(txn, "followed", "yes");
    meta_.put(txn, "boot", options_.boot);
    if (lost_power_) meta_.put(txn, "doubt", store::key_of(last));
    txn.commit();
    env_.sync();
    if (std::exchange(lost_power_, false)) courier_.doubt_until(last);
    follow_from(bus::FollowOptions::Start::cursor, [this](auto events) { courier_.take(std::move(events)); });
}

// On disk when it returns, if it is something new.
void Bridge::note(std::string_view key, std::string_view value) {
    {
        const store::ReadTxn txn(env_);
        if (meta_.get(txn, key) == value) return;
    }
    store::WriteTxn txn(env_);
    meta_.put(txn, key, value);
    txn.commit();
    env_.sync();
}

void Bridge::hold(bool held) {
    if (platform_ && std::exchange(held_, held) != held) platform_->hold(held);
}

void Bridge::follow_from(bus::FollowOptions::Start start, std::function<void(std::vector<bus::Followed>)> take) {
    bus::FollowOptions options;
    options.cursor = "bridge:" + options_.account;
    options.start = start;
    options.filter.deliver_to = options_.account;
    options.credit = 4096;
    client_.follow(std::move(options), std::move(take));
}

void Bridge::serve_status() {
    client_.serve("account." + options_.account, [this](const std::string& method, const std::string& request,
                                                        std::chrono::milliseconds, const bus::Client::Reply& reply) {
        reply(answer(method, request));
    });
}

service::Result<std::string> Bridge::answer(const std::string& method, const std::string& request) {
    if (method == "status") return status().encode();
    if (method == "metrics") return Value::map({{"text", metrics()}}).encode();
    if (method != "dead_letters") return service::fail(service::Code::not_found, "no method " + method, "there are: status, metrics, dead_letters");
    const auto asked = Value::decode(request);
    if (!asked) return service::fail(asked.error());
    const auto answered = dead_letters_.answer(*asked, [this](const bus::Event& event, const std::string& room) { return courier_.again(event, room); });
    if (!answered) return service::fail(answered.error());
    return answered->encode();
}

Value Bridge::status() const {
    Value rooms = Value(Value::List{});
    for (const auto& room : rooms_) {
        const auto why = room_reasons_.find(room);
        rooms.push(Value::map({{"room", room},
                               {"joined", joined_.contains(room)},
                               {"reason", why == room_reasons_.end() ? "" : why->second.text()},
                               {"outbox", courier_.waiting(room)}}));
    }
    return Value::map({{"account", options_.account},
                       {"link", name(link_)},
                       {"reason", link_reason_.text()},
                       {"trouble", trouble()},
                       {"rooms", std::move(rooms)},
                       {"outbox", courier_.waiting()},
                       {"spool", intake_.waiting()},
                       {"dead_letters", dead_letters_.size()},
                       {"echoes", intake_.echoes()}});
}

// What is counted, and what is just now.
std::string Bridge::metrics() const {
    service::Metrics now;
    const service::Metrics::Labels account{{"account", options_.account}};
    const auto gauge = [&](const char* name, const char* help, std::size_t value) {
        now.gauge(name, help, account).set(static_cast<std::int64_t>(value));
    };
    gauge("parley_account_link_up", "1 while it is signed in", link_ == Link::up ? 1 : 0);
    gauge("parley_account_rooms", "Rooms that the settings name", rooms_.size());
    gauge("parley_account_rooms_joined", "Rooms that it is in", joined_.size());
    gauge("parley_account_outbox", "Events to be said in its rooms", courier_.waiting());
    gauge("parley_account_spool", "Events that the broker has not taken yet", intake_.waiting());
    gauge("parley_account_trouble", "1 while its files cannot be written", trouble().empty() ? 0 : 1);
    now.gauge("parley_dead_letters", "Events set aside because they crash the process", {{"process", "account." + options_.account}}).set(static_cast<std::int64_t>(dead_letters_.size()));
    now.counter("parley_account_echoes_total", "Our own messages heard again", account).set(static_cast<std::int64_t>(intake_.echoes()));
    service::measure_process(now, "account." + options_.account);
    return metrics_.prometheus() + now.prometheus();
}

service::Metrics::Value& Bridge::counted(const char* name, const char* help, const char* label, std::string value) {
    service::Metrics::Labels labels{{"account", options_.account}};
    if (label != nullptr) labels.emplace_back(label, std::move(value));
    return metrics_.counter(name, help, std::move(labels));
}

std::string Bridge::trouble() const {
    std::string out;
    const auto add = [&out](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
    if (intake_.holding()) add("nothing more is taken from the platform: " + intake_.trouble().text());
    if (!courier_.trouble().empty()) add("what is to be said waits at the broker: " + courier_.trouble());
    return out.empty() ? save_trouble_ : out;
}

bool Bridge::speakable(const std::string& room) const {
    return link_ == Link::up && (joined_.contains(room) || !rooms_.contains(room));
}

void Bridge::link_changed(Link link, const Error& reason) {
    if (link != link_) {
        if (link == Link::down && reason)
            service::log::warning("link down", {{"account", options_.account}, {"why", reason.text()}});
        else
            service::log::info("link", {{"account", options_.account}, {"is", name(link)}});
    }
    const bool lost = link_ == Link::up && link != Link::up;
    if (lost) counted("parley_account_links_lost_total", "Times that it was signed in, and was not any more").add();
    link_ = link;
    link_reason_ = reason;
    if (lost) {
        save();
        joined_.clear();
        courier_.all_gone();
    }
    if (link == Link::up) courier_.room_ready();
}

void Bridge::room_changed(const std::string& room, bool joined, const Error& reason) {
    if (reason)
        room_reasons_[room] = reason;
    else
        room_reasons_.erase(room);
    if (joined == joined_.contains(room)) return;
    if (joined) {
        service::log::info("joined", {{"account", options_.account}, {"room", room}});
        joined_.insert(room);
        came_back(room);
        courier_.room_ready();
    } else {
        service::log::warning("not in the room any more",
                              {{"account", options_.account}, {"room", room}, {"why", reason.text()}});
        joined_.erase(room);  // first: we may hear of it late, and then we were not there until now
        save();
        courier_.room_gone(room);
    }
}

void Bridge::room_kept(const std::string& room) {
    room_reasons_.erase(room);
    if (!joined_.insert(room).second) return;
    service::log::info("still in the room", {{"account", options_.account}, {"room", room}});
    courier_.room_ready();
}

std::optional<service::Time> Bridge::heard_until() const {
    return platform_ ? platform_->heard_until() : std::nullopt;
}

// What was said while we were away: asked for, or marked as missing, however short it was: something may have been
// said. Who is told a second time that we came back was here after that.
void Bridge::came_back(const std::string& room) {
    const auto heard = heard_until();
    const auto now = heard.value_or(clock_.now());
    const auto before = alive_.find(room);
    if (heard && before != alive_.end() && now < before->second) return;
    if (platform_->capabilities().history) {
        const auto seen = last_seen(room);
        if (seen) platform_->backfill({room, *seen});
        // This place stays until somebody has spoken and the broker has it: the history may not be read to its end this time.
        intake_.begins(room, seen ? seen->time : now - on_its_way);
    } else if (before != alive_.end()) {
        intake_.gap(room, before->second, now, "the bridge was away");
    }
    const bool first_time = before == alive_.end();
    if (!first_time) gone_since_[room] = before->second;
    // The mark may still be in memory alone: then a death takes it along, and the next start is to mark all of it.
    if (first_time || !intake_.holding()) alive_[room] = now;
    if (!first_time) return;
    save();  // a death before the next tick is an absence, too
    courier_.sync();
}

void Bridge::received(bus::Event event) {
    // The room may have been silent for days: only what was said since we were last there can be missing.
    // A platform may know only when we are in again what it cannot fetch.
    if (auto* gap = std::get_if<bus::Gap>(&event.body)) {
        const auto& room = event.origin.room.room;
        const auto& there = joined_.contains(room) && gone_since_.contains(room) ? gone_since_ : alive_;
        if (const auto until = there.find(room); until != there.end()) {
            if (gap->to <= until->second) return;
            gap->from = std::max(gap->from, until->second);
        }
    }
    counted("parley_account_received_total", "What was taken from the platform, echoes too", "kind", std::string(bus::name(event.kind()))).add();
    // A reaction may come right behind the answer that brought the native id of its message.
    if (Intake::refers(event)) courier_.settle();
    intake_.received(std::move(event));
}
void Bridge::delivered(const DeliveryId& id, const Receipt& receipt) {
    counted("parley_account_delivered_total", "Messages that the platform took").add();
    courier_.answer(id, receipt.native_id, {});
}
void Bridge::refused(const DeliveryId& id, const Error& reason) {
    service::log::warning("refused", {{"room", id.room}, {"event", id.event.text()}, {"why", reason.text()}});
    counted("parley_account_refused_total", "Messages that the platform refused, by reason", "code", std::string(service::name(reason.code))).add();
    courier_.answer(id, {}, reason ? reason.text() : "the platform refused it");
}
std::optional<Seen> Bridge::last_seen(const std::string& room) const {
    if (auto seen = intake_.last_seen(room)) return seen;
    const auto alive = alive_.find(room);
    if (alive == alive_.end()) return std::nullopt;
    return Seen{{}, alive->second - on_its_way};
}

// While nothing is taken from the platform we count as away: what a death would cost then is marked at the next start.
void Bridge::save() {
    const auto heard = heard_until();
    const bool here = !intake_.holding();
    const auto now = clock_.now();
    const auto until = std::min(intake_.kept_until(now, save_every), now - platform_->silent_for());
    for (const auto& room : joined_)
        if (here) alive_[room] = heard ? std::max(alive_[room], std::min(*heard, until)) : until;
    std::string trouble;
    try {
        store::WriteTxn txn(env_);
        for (const auto& room : joined_) {
            const auto time = store::key_of(static_cast<std::uint64_t>(alive_[room].time_since_epoch().count()));
            alive_table_.put(txn, bus::derived_id({"room", room}).view(), pack({room, time}));
        }
        intake_.save(txn);
        txn.commit();
        if (!lost_power_) note("boot", options_.boot);
    } catch (const store::Failure& failure) {
        trouble = failure.what();
    }
    if (trouble != save_trouble_ && !trouble.empty()) service::log::error("cannot save where we are", {{"why", trouble}});
    save_trouble_ = std::move(trouble);
}

}  // namespace parley::kit
