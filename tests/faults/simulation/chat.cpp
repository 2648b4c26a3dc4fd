#include "tests/faults/simulation/chat.h"

#include <algorithm>
#include <utility>

#include "tests/faults/simulation/platform.h"

namespace parley::simulation {
namespace {

constexpr Micros way_most = 3_ms;
constexpr Micros reorder_most = 300_ms;

std::string key_of(const kit::DeliveryId& id) { return id.event.text() + "/" + std::to_string(id.part); }

std::string words_of(const kit::Delivery& delivery) {
    if (const auto* say = std::get_if<kit::Say>(&delivery.what)) return say->text.plain;
    if (const auto* correct = std::get_if<kit::Correct>(&delivery.what)) return correct->text.plain;
    if (const auto* react = std::get_if<kit::React>(&delivery.what)) return react->emoji;
    if (const auto* retract = std::get_if<kit::Retract>(&delivery.what)) return retract->reason;
    if (const auto* topic = std::get_if<kit::SetTopic>(&delivery.what)) return topic->text.plain;
    return {};
}

}  // namespace

void ChatServer::say(Utterance& utterance) {
    auto& room = rooms_[utterance.room];
    utterance.said = world_.now();
    if (habits_.names_things) utterance.event.time = WorldClock::wall(world_.now());
    room.log.push_back({world_.now(), &utterance});
    if (platform_ == nullptr || !room.member) return miss(utterance);
    const auto hear = [this, &utterance] { tell([this, &utterance] { platform_->hear(utterance); }, &utterance); };
    if (world_.chance(habits_.reorders)) {
        const auto link = link_;
        utterance.missed = world_.now();  // until it gets through
        world_.after(world_.between(0, reorder_most), [this, hear, link, &utterance] { link == link_ ? hear() : miss(utterance); });
    } else {
        hear();
    }
    if (world_.chance(habits_.repeats)) hear();
}

bool ChatServer::quiet() const {
    return fetching_ == 0 && std::all_of(to_us_.begin(), to_us_.end(), [](const Parcel& parcel) { return parcel.carries == nullptr; });
}

void ChatServer::miss(Utterance& utterance) {
    utterance.missed = world_.now();
}

// -- the wire: in order, late, and cut in the middle ------------------------------------------------------------------------

void ChatServer::tell(std::function<void()> what, Utterance* carries) {
    if (platform_ == nullptr) return;
    to_us_.push_back({std::move(what), carries});
    last_[0] = std::max({last_[0], world_.now() + world_.between(50, way_most), stalled_until_});
    world_.after(last_[0] - world_.now(), [this, link = link_] {
        if (link == link_) next_to_us();
    });
}

void ChatServer::next_to_us() {
    if (to_us_.empty() || held_) return;
    const auto later = std::max(bridge_.paused_until, stalled_until_);
    if (later > world_.now()) {
        world_.after(later - world_.now(), [this, link = link_] {
            if (link == link_) next_to_us();
        });
        return;
    }
    const auto parcel = std::move(to_us_.front());
    to_us_.pop_front();
    if (parcel.carries != nullptr) miss(*parcel.carries);  // if it dies of it
    world_.as(bridge_, parcel.open);
}

void ChatServer::ask(std::function<void()> what) {
    if (platform_ == nullptr || !world_.effect()) return;
    to_server_.push_back(std::move(what));
    last_[1] = std::max({last_[1], world_.now() + world_.between(50, way_most + habits_.answers_most), stalled_until_});
    world_.after(last_[1] - world_.now(), [this, link = link_] {
        if (link == link_) next_to_server();
    });
}

void ChatServer::next_to_server() {
    if (to_server_.empty()) return;
    if (stalled_until_ > world_.now()) {
        world_.after(stalled_until_ - world_.now(), [this, link = link_] {
            if (link == link_) next_to_server();
        });
        return;
    }
    const auto what = std::move(to_server_.front());
    to_server_.pop_front();
    what();
}

// Both ends: some of what was on its way to the server is still taken there.
void ChatServer::disconnect() {
    if (platform_ == nullptr) return;
    ++link_;
    auto rest = std::exchange(to_server_, {});
    rest.resize(world_.below(rest.size() + 1));
    for (const auto& parcel : std::exchange(to_us_, {}))
        if (parcel.carries != nullptr) miss(*parcel.carries);
    platform_ = nullptr;  // nobody hears the answers
    for (const auto& what : rest) what();
    for (auto& [name, room] : rooms_) room.member = false;
    held_ = false;
    fetching_ = 0;
}

void ChatServer::cut() {
    auto* platform = platform_;
    disconnect();
    if (platform == nullptr || bridge_.dying) return;
    world_.after(world_.between(100, 50_ms), bridge_, [platform] { platform->lost(); });
}

void ChatServer::close_for(Micros how_long) {
    down_until_ = world_.now() + how_long;
    cut();
}

void ChatServer::kick(const std::string& name, Micros how_long) {
    auto& room = rooms_[name];
    room.closed_until = world_.now() + how_long;
    if (!std::exchange(room.member, false)) return;
    tell([this, name] { platform_->kicked(name); });
}

void ChatServer::heal() {
    stalled_until_ = down_until_ = last_[0] = last_[1] = 0;
    for (auto& [name, room] : rooms_) room.closed_until = 0;
    if (!to_us_.empty()) {
        for (std::size_t i = 0; i < to_us_.size(); ++i)
            world_.after(world_.between(50, way_most), [this, link = link_] {
                if (link == link_) next_to_us();
            });
    }
    for (std::size_t i = 0; i < to_server_.size(); ++i)
        world_.after(world_.between(50, way_most), [this, link = link_] {
            if (link == link_) next_to_server();
        });
}

// -- our login --------------------------------------------------------------------------------------------------------------

bool ChatServer::connect(StrawPlatform& platform) {
    if (down_until_ > world_.now() || !world_.effect()) return false;
    disconnect();
    platform_ = &platform;
    last_[0] = last_[1] = 0;
    return true;
}

void ChatServer::hold(bool held) {
    if (std::exchange(held_, held) && !held) {
        for (std::size_t i = 0; i < to_us_.size(); ++i)
            world_.after(world_.between(50, way_most), [this, link = link_] {
                if (link == link_) next_to_us();
            });
    }
}

void ChatServer::join(const std::string& name) {
    ask([this, name] {
        auto& room = rooms_[name];
        if (platform_ == nullptr) return;
        if (room.closed_until > world_.now()) return tell([this, name] { platform_->kicked(name); });
        room.member = true;
        tell([this, name, keys = habits_.doubt == Habits::Doubt::memory ? room.keys : std::map<std::string, std::string>()] { platform_->joined(name, keys); });
    });
}

void ChatServer::ping(service::Steady asked) {
    ask([this, asked] { tell([this, asked] { platform_->answers_ping(asked); }); });
}

// Everything after that place, and a little before it: what may have been passed on the way.
void ChatServer::history(const std::string& name, const kit::Seen& after) {
    ++fetching_;
    ask([this, name, from = WorldClock::from_wall(after.time) - 2 * reorder_most - 10_ms] {
        for (const auto& entry : rooms_[name].log) {
            if (entry.at >= from) tell([this, utterance = entry.utterance] { platform_->remember(*utterance); }, entry.utterance);
        }
        tell([this, name] {
            --fetching_;
            platform_->caught_up(name);
        });
    });
}

void ChatServer::post(const kit::Delivery& delivery) {
    ask([this, delivery] {
        auto& room = rooms_[delivery.id.room];
        const auto answer = [&](std::string native_id, std::string refusal) {
            tell([this, id = delivery.id, native_id, refusal] { platform_->answered(id, native_id, refusal); });
        };
        if (!room.member) return;  // it hears that it was kicked
        if (world_.chance(habits_.refuses)) {
            room.refused.insert(key_of(delivery.id));
            return answer({}, "not today");
        }
        if (const auto known = room.keys.find(key_of(delivery.id)); habits_.doubt == Habits::Doubt::key && known != room.keys.end()) return answer(known->second, {});
        show(delivery);
        answer(habits_.can.receipts ? room.shown.back().native_id : "", {});
    });
}

void ChatServer::show(const kit::Delivery& delivery) {
    auto& room = rooms_[delivery.id.room];
    Shown shown{delivery.id, fresh_id(), words_of(delivery), delivery.in_doubt && habits_.doubt == Habits::Doubt::none, room.refused.contains(key_of(delivery.id))};
    room.keys[key_of(delivery.id)] = shown.native_id;
    if (world_.sabotage.other == "words" && world_.chance(0.01)) shown.text.resize(shown.text.size() / 2);
    if (world_.tracing) world_.trace(account_ + "/" + delivery.id.room + " shows " + (shown.marked ? "(maybe again) " : "") + shown.text + "  " + delivery.id.event.brief());
    room.shown.push_back(std::move(shown));
}

}  // namespace parley::simulation
