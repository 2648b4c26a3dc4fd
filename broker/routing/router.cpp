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

void Router::each_recipient(const bus::EventHeader& event, const std::function<void(Names)>& visit) const {
    if (!shown(event.kind)) return;
    const Names origin{event.account, event.room};
    const bool ours = event.native_id.empty();
    const auto mirrored = event.visibility >= bus::Visibility::closed || closed_.contains(origin) ? mirrors_.end() : mirrors_.find(origin);
    if (mirrored == mirrors_.end()) {
        if (ours) visit(origin);
        return;
    }
    for (const auto& room : mirrored->second) {
        if (ours || ByNames::names(room) != origin) visit(ByNames::names(room));
    }
}

std::vector<bus::RoomAddress> Router::recipients(const bus::EventHeader& event) const {
    std::vector<bus::RoomAddress> out;
    each_recipient(event, [&](Names room) { out.push_back({std::string(room.first), std::string(room.second)}); });
    return out;
}

std::vector<bus::RoomAddress> Router::recipients(const bus::EventHeader& event, std::string_view account) const {
    std::vector<bus::RoomAddress> out;
    each_recipient(event, [&](Names room) {
        if (room.first == account) out.push_back({std::string(room.first), std::string(room.second)});
    });
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
