// What every process reads of the settings file: names, accounts, gateways, rooms, and where the bus is.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "broker/bus/event.h"
#include "broker/bus/keys.h"
#include "broker/service/settings.h"

namespace parley::bus {

// How much of what was said long ago a room is told one by one; the rest is summed up in a line. 0: no limit.
struct CatchUp {
    std::chrono::milliseconds age{0};
    std::size_t count = 0;
};

struct Gateway {
    std::string name;
    std::vector<RoomAddress> rooms;
    CatchUp catch_up;
    bool holds_doubt = false;  // on_doubt = "hold": what may have been said already is not said again
};

struct HouseSettings {
    std::filesystem::path data;   // absolute; "./var" beside the settings file by default
    std::string name = "parley";  // shown in rooms
    std::string prefix = "!";
    std::string page;             // the base of links, without a "/" at its end
    std::string endpoint;         // of the bus; ipc:// below `data` by default
    std::filesystem::path keys;   // the folder of `parley keys`; needed for tcp://
    std::vector<AllowedKey> allowed;              // [[bus.allow]]: whom the broker lets in
    std::map<std::string, std::string> accounts;  // account → platform, with "web" → "web"
    std::map<std::string, bool> keepers;          // accounts that say whether a keeper holds their connection
    std::vector<Gateway> gateways;
    std::map<RoomAddress, Visibility> rooms;      // those with a [room.…] table

    Visibility visibility(const RoomAddress& room) const;             // everyone where nothing is said
    // The base of links to what was said or run there; empty where the page shows it to nobody: closed rooms of other
    // accounts, and direct conversations.
    std::string page_for(const Origin& origin) const;
    CatchUp catch_up(const RoomAddress& room) const;  // of its gateways the most generous
    bool holds_doubt(const RoomAddress& room) const;  // one of its gateways wants that
    std::vector<std::string> rooms_of(std::string_view account) const;  // native names that a gateway or [room] names
};

// Reads [parley] [bus] [gateway.*] [room.*] to their last key, and of [account.*] only `platform` and `keeper`. What is wrong is
// reported through the table; what comes back can be used only if the file is good().
HouseSettings read_house(service::Table& root);
// The keys of the process `name`: none for ipc://.
service::Result<Keys> keys_of(const HouseSettings& house, std::string_view name);

}  // namespace parley::bus
