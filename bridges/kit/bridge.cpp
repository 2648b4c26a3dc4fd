#include "bridges/kit/bridge.h"

#include "bridges/kit/pack.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using namespace std::chrono_literals;
using bus::Value;
using service::Error;

constexpr auto save_every = 1s;
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
      intake_({reactor, clock, random, client_, env_, identities_, options_.house}, options_.account,
              options_.folder / "spool", {options_.spool_bytes_max, options_.held_bytes_max}),
      courier_({reactor, client_, env_, identities_, intake_, {options_.house.name, options_.house.page}},
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
    ticker_ = reactor_.every(save_every, [this] { save(); });
    platform_->connect();
}

void Bridge::stop() {
    if (platform_) platform_->disconnect();
    save();
}

// A new account begins with what is said from now on, not with the whole journal; later it goes on where it was. The
// broker makes the cursor as soon as it is asked to follow, so the second request starts exactly there.
void Bridge::follow() {
    bool before = false;
    {
        const store::ReadTxn txn(env_);
        before = meta_.get(txn, "followed").has_value();
    }
    if (before) return follow_from(bus::FollowOptions::Start::cursor);
    client_.on_link([this](bool up) {
        if (!up || std::exchange(following_, true)) return;
        follow_from(bus::FollowOptions::Start::now);
        follow_from(bus::FollowOptions::Start::cursor);
        client_.query("broker", "status", Value::map({}).encode(), 10s, [this](service::Result<std::string> reply) {
            if (!reply &&
                (reply.error().code == service::Code::unavailable || reply.error().code == service::Code::timeout)) {
                following_ = false;  // it may not have heard us: all of it again when the link is back
                return;
            }
            followed();
        });
    });
}

void Bridge::followed() {
    try {
        store::WriteTxn txn(env_);
        meta_.put(txn, "followed", "yes");
        txn.commit();
    } catch (const store::Failure& failure) {
        service::log::error("cannot save that we follow; trying again", {{"why", failure.what()}});
        followed_again_ = reactor_.after(save_every, [this] { followed(); });
    }
}

void Bridge::hold(bool held) {
    if (platform_ && std::exchange(held_, held) != held) platform_->hold(held);
}

void Bridge::follow_from(bus::FollowOptions::Start start) {
    bus::FollowOptions options;
    options.cursor = "bridge:" + options_.account;
    options.start = start;
    options.filter.deliver_to = options_.account;
    options.credit = 4096;
    client_.follow(std::move(options),
                   [this](std::vector<bus::Followed> events) { courier_.take(std::move(events)); });
}

void Bridge::serve_status() {
    client_.serve("account." + options_.account, [this](const std::string& method, const std::string&,
                                                        std::chrono::milliseconds, const bus::Client::Reply& reply) {
        if (method == "status")
            reply(status().encode());
        else
            reply(service::fail(service::Code::not_found, "no method " + method, "there is: status"));
    });
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
                       {"echoes", intake_.echoes()}});
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
        save();
        joined_.erase(room);
        courier_.room_gone(room);
    }
}

// What was said while we were away: asked for, or marked as missing, however short it was: something may have been
// said.
void Bridge::came_back(const std::string& room) {
    const auto now = clock_.now();
    const auto before = alive_.find(room);
    if (platform_->capabilities().history) {
        if (const auto seen = last_seen(room)) platform_->backfill({room, *seen});
    } else if (before != alive_.end()) {
        intake_.gap(room, before->second, now, "the bridge was away");
    }
    const bool first_time = before == alive_.end();
    if (!first_time) gone_since_[room] = before->second;
    alive_[room] = now;
    if (first_time) save();  // a death before the next tick is an absence, too
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
    // A reaction may come right behind the answer that brought the native id of its message.
    if (Intake::refers(event)) courier_.settle();
    intake_.received(std::move(event));
}
void Bridge::delivered(const DeliveryId& id, const Receipt& receipt) { courier_.answer(id, receipt.native_id, {}); }
void Bridge::refused(const DeliveryId& id, const Error& reason) {
    service::log::warning("refused", {{"room", id.room}, {"event", id.event.text()}, {"why", reason.text()}});
    courier_.answer(id, {}, reason ? reason.text() : "the platform refused it");
}
std::optional<Seen> Bridge::last_seen(const std::string& room) const {
    if (auto seen = intake_.last_seen(room)) return seen;
    // Nobody has spoken yet, but we were there: what was said since is missed, not old. A little earlier than the
    // tick that saved it, for what was on its way then; what we have already is known by its id.
    constexpr auto on_its_way = std::chrono::seconds(2);
    const auto alive = alive_.find(room);
    if (alive == alive_.end()) return std::nullopt;
    return Seen{{}, alive->second - on_its_way};
}

// While nothing is taken from the platform we count as away: what a death would cost then is marked at the next start.
void Bridge::save() {
    const auto now = clock_.now();
    const bool here = !intake_.holding();
    for (const auto& room : joined_)
        if (here) alive_[room] = now;
    std::string trouble;
    try {
        store::WriteTxn txn(env_);
        for (const auto& room : joined_) {
            const auto time = store::key_of(static_cast<std::uint64_t>(alive_[room].time_since_epoch().count()));
            alive_table_.put(txn, bus::derived_id({"room", room}).view(), pack({room, time}));
        }
        intake_.save(txn);
        txn.commit();
    } catch (const store::Failure& failure) {
        trouble = failure.what();
    }
    if (trouble != save_trouble_ && !trouble.empty()) service::log::error("cannot save where we are", {{"why", trouble}});
    save_trouble_ = std::move(trouble);
}

}  // namespace parley::kit
