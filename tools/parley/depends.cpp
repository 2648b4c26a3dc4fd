#include "tools/parley/depends.h"

#include <fmt/format.h>

#include <algorithm>

namespace parley::cli {
namespace {

// Names, links, and how the broker is reached.
std::string names(service::Table& root, const bus::HouseSettings& house) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n", house.data.string(), house.name, house.prefix, house.page, root.written("bus"));
}

std::string accounts(const bus::HouseSettings& house) {
    std::string out;
    for (const auto& [account, platform] : house.accounts) out += fmt::format("{}={}\n", account, platform);
    return out;
}

// A gateway without a room of this account is nothing to its bridge.
std::string rooms_of(const bus::HouseSettings& house, const std::string& account) {
    std::string out;
    for (const auto& gateway : house.gateways) {
        if (std::none_of(gateway.rooms.begin(), gateway.rooms.end(), [&](const auto& room) { return room.account == account; })) continue;
        out += gateway.name;
        for (const auto& room : gateway.rooms)
            if (room.account == account) out += " " + room.text();
        out += "\n";
    }
    for (const auto& [room, visibility] : house.rooms)
        if (room.account == account) out += fmt::format("{} {}\n", room.text(), static_cast<int>(visibility));
    return out;
}

}  // namespace

std::string depends_on(const Command& command, service::Table& root, const bus::HouseSettings& house) {
    if (!command.account.empty()) {
        auto out = root.table("account").written(command.account);
        if (command.is_keeper) return out + house.data.string();  // it knows nothing of rooms
        return out + names(root, house) + rooms_of(house, command.account);
    }
    auto out = names(root, house) + accounts(house) + root.written("gateway") + root.written("room");
    if (command.program == "parley-broker") return out + root.written("broker") + root.written("command");
    if (command.program == "parley-worker") return out + root.written("worker");
    return out + root.written(command.program == "parley-web" ? "web" : "indexer");
}

}  // namespace parley::cli
