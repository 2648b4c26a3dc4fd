#include "tests/faults/simulation/platform.h"

namespace parley::simulation {

StrawPlatform::StrawPlatform(kit::Host& host, service::Reactor& reactor, const service::Clock& clock, service::Random& random, ChatServer& server, std::vector<std::string> rooms)
    : host_(host), reactor_(reactor), clock_(clock), server_(server), names_(std::move(rooms)), backoff_(random, {.first = 100ms, .most = 2s}) {}

void StrawPlatform::connect() {
    if (std::exchange(wanted_, true)) return;
    host_.link_changed(kit::Link::connecting);
    again_ = reactor_.after(1ms, [this] { try_connect(); });
}

void StrawPlatform::try_connect() {
    if (!wanted_ || up_) return;
    if (!server_.connect(*this)) {
        again_ = reactor_.after(backoff_.next(), [this] { try_connect(); });
        return;
    }
    backoff_.reset();
    up_ = true;
    for (const auto& name : names_) rooms_[name];
    server_.hold(held_ && !capabilities().history);
    heard_at_ = clock_.steady();
    pinger_ = reactor_.every(500ms, [this] {
        if (up_) server_.ping(clock_.steady());
    });
    host_.link_changed(kit::Link::up);
    for (const auto& name : names_) server_.join(name);
}

void StrawPlatform::disconnect() {
    wanted_ = false;
    again_.cancel();
    server_.disconnect();
    if (!std::exchange(up_, false)) return;
    rooms_.clear();
    host_.link_changed(kit::Link::down);
}

void StrawPlatform::lost() {
    if (!std::exchange(up_, false)) return;
    rooms_.clear();
    host_.link_changed(kit::Link::down, {service::Code::unavailable, "the connection is gone", {}});
    again_ = reactor_.after(backoff_.next(), [this] { try_connect(); });
}

// Who has no history stops reading; who has one leaves, and fetches what it missed.
void StrawPlatform::hold(bool held) {
    held_ = held;
    if (capabilities().history) held ? disconnect() : connect();
    else server_.hold(held);
}

std::chrono::microseconds StrawPlatform::silent_for() const {
    return capabilities().history ? 0us : std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - heard_at_);
}

void StrawPlatform::joined(const std::string& room, std::map<std::string, std::string> keys) {
    rooms_[room].keys = std::move(keys);
    host_.room_changed(room, true);
}

void StrawPlatform::kicked(const std::string& room) {
    host_.room_changed(room, false, {service::Code::denied, "kicked", {}});
    rooms_[room] = {};
    rooms_[room].rejoin = reactor_.after(500ms, [this, room] { server_.join(room); });
}

void StrawPlatform::backfill(const kit::BackfillRequest& request) {
    rooms_[request.room].catching_up = true;
    server_.history(request.room, request.after);
}

void StrawPlatform::remember(Utterance& utterance) { hand(utterance); }

void StrawPlatform::caught_up(const std::string& name) {
    auto& room = rooms_[name];
    room.catching_up = false;
    for (auto* utterance : std::exchange(room.later, {})) hand(*utterance);
}

void StrawPlatform::hear(Utterance& utterance) {
    if (auto& room = rooms_[utterance.room]; room.catching_up) room.later.push_back(&utterance);
    else hand(utterance);
}

void StrawPlatform::hand(Utterance& utterance) {
    if (World::here().tracing) World::here().trace("is told " + utterance.text);
    host_.received(utterance.event);
    auto& world = World::here();
    if (world.current()->dying || utterance.handed) return;
    utterance.handed = world.now();
    utterance.handed_as = server_.handed();
}

void StrawPlatform::deliver(const kit::Delivery& delivery) {
    if (World::here().tracing) World::here().trace(delivery.id.room + " is to show " + delivery.id.event.brief() + (delivery.in_doubt ? ", in doubt" : ""));
    if (delivery.in_doubt && server_.habits().doubt == Habits::Doubt::memory) {
        const auto& keys = rooms_[delivery.id.room].keys;
        if (const auto known = keys.find(delivery.id.event.text() + "/" + std::to_string(delivery.id.part)); known != keys.end())
            return host_.delivered(delivery.id, {known->second});
    }
    server_.post(delivery);
}

void StrawPlatform::answered(const kit::DeliveryId& id, const std::string& native_id, const std::string& refusal) {
    if (refusal.empty()) host_.delivered(id, {native_id});
    else host_.refused(id, {service::Code::denied, refusal, {}});
}

}  // namespace parley::simulation
