#include "indexer/query/viewer.h"

#include <algorithm>

namespace parley::query {

search::Viewer viewer_of(const bus::Value& value, const bus::HouseSettings& house) {
    constexpr std::size_t rooms_max = 1000;
    search::Viewer out;
    out.operator_ = value["operator"].boolean();
    if (const auto identity = bus::RoomAddress::from_text(value["identity"].text())) {  // split as an address is
        out.account = identity->account;
        out.id = identity->room;
    }
    for (const auto& text : value["rooms"].list()) {
        if (auto room = bus::RoomAddress::from_text(text.text()); room && out.rooms.size() < rooms_max) out.rooms.push_back(std::move(*room));
    }
    const auto asked_in = bus::RoomAddress::from_text(value["room"].text());
    if (!asked_in) return out;
    out.rooms.push_back(*asked_in);
    for (const auto& gateway : house.gateways) {
        if (std::find(gateway.rooms.begin(), gateway.rooms.end(), *asked_in) == gateway.rooms.end()) continue;
        out.rooms.insert(out.rooms.end(), gateway.rooms.begin(), gateway.rooms.end());
    }
    return out;
}

search::Names names_of(const bus::HouseSettings& house) {
    search::Names names;
    names.platforms = house.accounts;
    for (const auto& gateway : house.gateways) {
        for (const auto& room : gateway.rooms) names.gateways[gateway.name].push_back(room.text());
    }
    return names;
}

}  // namespace parley::query
