#include "broker/routing/router.h"

#include <algorithm>

namespace parley::routing {
namespace {

// Kinds that people see in rooms; the others are for the record.
bool shown(std::uint32_t kind) {
    switch (static_cast<bus::Kind>(kind)) {
        case bus::Kind::message:
        case bus::Kind::edit:
        case bus::Kind::redaction:
        case bus::Kind::reaction:
        case bus::Kind::topic:
        case bus::Kind::run_output:
        case bus::Kind::run_finished:
        case bus::Kind::gap: return true;
        default: return false;
    }
}

}  // namespace

Router::Router(const std::vector<bus::Gateway>& gateways, const Rooms& rooms) {
    for (const auto& [room, visibility] : rooms) {
        if (visibility >= bus::Visibility::closed) closed_.insert(room);
    }
    for (const auto& gateway : gateways) {
        for (const auto& room : gateway.rooms) {
            gateways_[room].insert(gateway.name);
            auto& mirrors = mirrors_[room];
            for (const auto& other : gateway.rooms) {
                if (std::find(mirrors.begin(), mirrors.end(), other) == mirrors.end()) mirrors.push_back(other);
            }
        }
    }
}

std::vector<bus::RoomAddress> Router::mirrors(const bus::RoomAddress& room) const {
    const auto found = mirrors_.find(room);
    return found == mirrors_.end() ? std::vector{room} : found->second;
}

std::vector<bus::RoomAddress> Router::recipients(const bus::EventHeader& event, std::string_view account) const {
    std::vector<bus::RoomAddress> out;
    if (!shown(event.kind)) return out;
    const Names origin{event.account, event.room};
    const bool ours = event.native_id.empty();
    const auto take = [&](const Names& room) {
        if (account.empty() || room.first == account) out.push_back({std::string(room.first), std::string(room.second)});
    };
    const bool stays = event.visibility >= bus::Visibility::closed || closed_.contains(origin);
    const auto mirrored = stays ? mirrors_.end() : mirrors_.find(origin);
    if (mirrored == mirrors_.end()) {
        if (ours) take(origin);
        return out;
    }
    for (const auto& room : mirrored->second) {
        if (ours || ByNames::names(room) != origin) take(ByNames::names(room));
    }
    return out;
}

bool Router::in_gateway(const bus::RoomAddress& room, const std::string& gateway) const {
    const auto found = gateways_.find(room);
    return found != gateways_.end() && found->second.contains(gateway);
}

std::set<std::string> Router::gateways_of(const bus::RoomAddress& room) const {
    const auto found = gateways_.find(room);
    return found == gateways_.end() ? std::set<std::string>{} : found->second;
}

}  // namespace parley::routing
