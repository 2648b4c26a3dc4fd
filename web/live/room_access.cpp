#include "web/live/room_access.h"

#include <algorithm>

namespace parley::live {

Together together(const bus::HouseSettings& house, const bus::RoomAddress& room) {
    Together out;
    out.rooms.push_back(room);
    for (const auto& gateway : house.gateways) {
        if (std::find(gateway.rooms.begin(), gateway.rooms.end(), room) == gateway.rooms.end()) continue;
        if (out.gateway.empty()) out.gateway = gateway.name;
        for (const auto& one : gateway.rooms) {
            if (std::find(out.rooms.begin(), out.rooms.end(), one) == out.rooms.end()) out.rooms.push_back(one);
        }
    }
    const auto ours =
        std::find_if(out.rooms.begin(), out.rooms.end(), [](const auto& one) { return one.account == web_account; });
    const bool known = ours != out.rooms.end() && (!out.gateway.empty() || house.rooms.contains(*ours));
    if (known) out.writes_to = ours->text();
    return out;
}

std::vector<bus::RoomAddress> web_rooms(const bus::HouseSettings& house) {
    std::vector<bus::RoomAddress> out;
    for (const auto& name : house.rooms_of(web_account)) out.push_back({std::string(web_account), name});
    return out;
}

// Whose rooms are shown. A name that nobody vouches for has none: whoever took it would read what its last holder may.
static std::string identity_of(const server::Person& person) {
    if (person.operator_) return "web/" + person.id;
    return person.strength == bus::Strength::nickname ? std::string() : person.id;
}

bus::Value viewer(const bus::HouseSettings& house, const server::Person& person) {
    bus::Value::List rooms;
    for (const auto& room : web_rooms(house)) rooms.emplace_back(room.text());
    return bus::Value::map({{"operator", person.operator_},
                            {"identity", identity_of(person)},
                            {"rooms", std::move(rooms)}});
}

bool may_see(const bus::Event& event, const server::Person& person) {
    switch (event.origin.visibility) {
        case bus::Visibility::everyone:
            return true;
        case bus::Visibility::members:
            return person.operator_ || event.origin.room.account == web_account;
        case bus::Visibility::closed:
            return event.origin.room.account == web_account;
        default:
            return false;
    }
}

}  // namespace parley::live
