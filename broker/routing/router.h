// Which rooms an event is for: a pure function of the event and the settings.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/bus/codec.h"
#include "broker/bus/house_settings.h"

namespace parley::routing {

class Router {
public:
    using Rooms = std::map<bus::RoomAddress, bus::Visibility>;  // what the settings say of single rooms
    explicit Router(const std::vector<bus::Gateway>& gateways, const Rooms& rooms = {});

    // What was born on a platform goes to every other room of its gateways; what Parley itself says goes to its own room
    // too. A room in no gateway hears Parley's own words alone. Talk in closed and direct rooms stays there. Each room once.
    // `account`: only its rooms; empty: all. Asked for each event and follower: nothing is made where there are none.
    std::vector<bus::RoomAddress> recipients(const bus::EventHeader& event, std::string_view account = {}) const;
    // The rooms that mirror one another with this one, itself among them; just itself if it is in no gateway.
    std::vector<bus::RoomAddress> mirrors(const bus::RoomAddress& room) const;
    bool in_gateway(const bus::RoomAddress& room, const std::string& gateway) const;
    std::set<std::string> gateways_of(const bus::RoomAddress& room) const;

private:
    using Names = std::pair<std::string_view, std::string_view>;  // account, room
    struct ByNames {                                              // finds an address by views of its parts
        using is_transparent = void;
        static Names names(const bus::RoomAddress& room) { return {room.account, room.room}; }
        static Names names(const Names& room) { return room; }
        bool operator()(const auto& a, const auto& b) const { return names(a) < names(b); }
    };

    std::map<bus::RoomAddress, std::vector<bus::RoomAddress>, ByNames> mirrors_;
    std::map<bus::RoomAddress, std::set<std::string>> gateways_;
    std::set<bus::RoomAddress, ByNames> closed_;
};

}  // namespace parley::routing
