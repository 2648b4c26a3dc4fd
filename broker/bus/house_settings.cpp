#include "broker/bus/house_settings.h"

#include <algorithm>

namespace parley::bus {
namespace {

using service::Table;

constexpr std::string_view how = "write it like \"lobby/#ops\": the account, a slash, the room's name there";

std::string join(const std::map<std::string, std::string>& names) {
    std::string out;
    for (const auto& [name, platform] : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// Where the page says that it listens is where it can be reached, unless [parley] page knows better.
std::string page_of(Table web) {
    const std::string otherwise = "127.0.0.1:8080";
    auto listen = web.has("listen") ? web.text("listen", otherwise) : otherwise;
    if (listen.find(':') == std::string::npos) listen.insert(0, "127.0.0.1:");
    for (const std::string_view any : {"0.0.0.0:", "[::]:"})
        if (listen.starts_with(any)) listen.replace(0, any.size(), "127.0.0.1:");
    return "http://" + listen;
}

void read_parley(Table table, HouseSettings& house, const std::string& page) {
    house.data = table.file("data", "./var");
    house.name = table.text("name", house.name);
    house.prefix = table.text("prefix", house.prefix);
    house.page = table.text("page", page);
    while (house.page.ends_with('/')) house.page.pop_back();
    if (house.prefix.empty()) table.complain("prefix", "is empty", "every message would be a command; use \"!\"");
    if (house.name.empty()) table.complain("name", "is empty");
    if (house.data.empty()) table.complain("data", "is empty");
    table.finish();
}

void read_bus(Table table, HouseSettings& house) {
    house.endpoint = table.text("endpoint", "");
    house.keys = table.file("keys", "");
    if (house.endpoint.empty()) {
        house.endpoint = "ipc://" + (house.data / "run" / "broker").string();
    }
    const bool tcp = house.endpoint.starts_with("tcp://");
    if (!tcp && !house.endpoint.starts_with("ipc://")) {
        table.complain("endpoint", "\"" + house.endpoint + "\" is neither ipc:// nor tcp://");
    }
    if (tcp && house.keys.empty()) {
        table.complain("endpoint", "tcp:// needs keys", "make them with `parley keys` and set keys = \"FOLDER\" beside it");
    }
    for (auto& allow : table.list("allow")) {
        AllowedKey key{allow.text("key"), Role::operator_, allow.text("name")};
        key.role = role_from(allow.choice("role", "bridge", {"bridge", "worker", "indexer", "web", "operator"})).value_or(Role::bridge);
        if (!is_key(key.public_key)) allow.complain("key", "is not a public key of 40 characters", "`parley keys` prints it");
        allow.finish();
        house.allowed.push_back(std::move(key));
    }
    table.finish();
}

std::optional<RoomAddress> read_address(Table& table, std::string_view key, const std::string& text, const HouseSettings& house) {
    auto room = RoomAddress::from_text(text);
    if (!room) {
        table.complain(key, "\"" + text + "\" is not a room", std::string(how));
        return std::nullopt;
    }
    if (!house.accounts.contains(room->account)) {
        table.complain(key, "\"" + text + "\" is on an account that is not declared", "declared are: " + join(house.accounts));
    }
    return room;
}

void read_gateways(Table& root, HouseSettings& house) {
    for (auto& [name, table] : root.tables("gateway")) {
        Gateway gateway{name, {}, {}, table.choice("on_doubt", "send", {"send", "hold"}) == "hold"};
        for (const auto& text : table.texts("rooms")) {
            auto room = read_address(table, "rooms", text, house);
            if (!room) continue;
            if (std::find(gateway.rooms.begin(), gateway.rooms.end(), *room) != gateway.rooms.end()) {
                table.complain("rooms", "\"" + text + "\" is there twice");
            } else {
                gateway.rooms.push_back(std::move(*room));
            }
        }
        gateway.catch_up.age = table.duration("catch_up_age", std::chrono::hours(24));
        gateway.catch_up.count = static_cast<std::size_t>(table.integer("catch_up_count", 500, 0, 100000));
        if (gateway.catch_up.age.count() < 0) table.complain("catch_up_age", "it is less than nothing", "\"24 h\"; \"0 s\" is no limit");
        if (gateway.rooms.empty()) table.complain("rooms", "names no room", "a gateway mirrors two rooms or more");
        table.finish();
        house.gateways.push_back(std::move(gateway));
    }
}

void read_rooms(Table& root, HouseSettings& house) {
    auto rooms = root.table("room");
    for (auto& [name, table] : root.tables("room")) {
        const auto room = read_address(rooms, name, name, house);
        const auto visibility = visibility_from(table.choice("visibility", "everyone", {"everyone", "members", "closed"}));
        table.finish();
        if (room && visibility) house.rooms[*room] = *visibility;
    }
}

}  // namespace

Visibility HouseSettings::visibility(const RoomAddress& room) const {
    const auto found = rooms.find(room);
    return found == rooms.end() ? Visibility::everyone : found->second;
}

std::string HouseSettings::page_for(const Origin& origin) const {
    const auto account = accounts.find(origin.room.account);
    const bool on_the_page = account != accounts.end() && account->second == "web";
    return origin.visibility < Visibility::closed || on_the_page ? page : std::string();
}

CatchUp HouseSettings::catch_up(const RoomAddress& room) const {
    std::optional<CatchUp> out;
    const auto more = [](auto a, auto b) { return a == decltype(a){} || b == decltype(b){} ? decltype(a){} : std::max(a, b); };
    for (const auto& gateway : gateways) {
        if (std::find(gateway.rooms.begin(), gateway.rooms.end(), room) == gateway.rooms.end()) continue;
        const auto& one = gateway.catch_up;
        out = out ? CatchUp{more(out->age, one.age), more(out->count, one.count)} : one;
    }
    return out.value_or(CatchUp{});
}

bool HouseSettings::holds_doubt(const RoomAddress& room) const {
    return std::any_of(gateways.begin(), gateways.end(), [&](const Gateway& gateway) {
        return gateway.holds_doubt && std::find(gateway.rooms.begin(), gateway.rooms.end(), room) != gateway.rooms.end();
    });
}

std::vector<std::string> HouseSettings::rooms_of(std::string_view account) const {
    std::vector<std::string> out;
    for (const auto& gateway : gateways)
        for (const auto& room : gateway.rooms)
            if (room.account == account) out.push_back(room.room);
    for (const auto& [room, visibility] : rooms)
        if (room.account == account) out.push_back(room.room);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

HouseSettings read_house(service::Table& root) {
    HouseSettings house;
    read_parley(root.table("parley"), house, page_of(root.table("web")));
    read_bus(root.table("bus"), house);
    house.accounts["web"] = "web";
    for (auto& [name, table] : root.tables("account")) {
        house.accounts[name] = table.text("platform");
        if (table.has("keeper")) house.keepers[name] = table.boolean("keeper", true);
        if (name.empty() || name.find('/') != std::string::npos) table.complain("platform", "the account's name \"" + name + "\" has a slash or is empty");
    }
    read_gateways(root, house);
    read_rooms(root, house);
    for (const auto* read_elsewhere : {"broker", "command", "indexer", "web", "worker"}) root.table(read_elsewhere);
    root.finish();  // every program sees a table that nobody reads
    return house;
}

service::Result<Keys> keys_of(const HouseSettings& house, std::string_view name) {
    if (!house.endpoint.starts_with("tcp://")) return Keys{};
    return read_keys(house.keys, name);
}

}  // namespace parley::bus
