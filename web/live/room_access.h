// Which rooms belong together, and which a person may see or write to from the page.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "web/server/sessions.h"

namespace parley::live {

inline constexpr std::string_view web_account = "web";

struct Together {
    std::string gateway;                  // empty: the room is in none
    std::vector<bus::RoomAddress> rooms;  // the room and those that mirror it
    std::string writes_to;                // "web/ops", where what is written on the page is born; empty: nowhere
};
Together together(const bus::HouseSettings& house, const bus::RoomAddress& room);

// The web's own rooms, where everyone who is signed in is present.
std::vector<bus::RoomAddress> web_rooms(const bus::HouseSettings& house);

// How the archive is told who asks.
bus::Value viewer(const bus::HouseSettings& house, const server::Person& person);
// The same rule for what arrives live: everyone's; members' for the operator; the rest only in a room of the web's
// own.
bool may_see(const bus::Event& event, const server::Person& person);

}  // namespace parley::live
