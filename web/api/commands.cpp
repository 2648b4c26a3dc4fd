// The commands that a person may call: from the same declaration that makes the parser and `!help`.
#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

// Nobody learns from the page that there is a closed room. Whether nothing is left: then the command is not shown.
bool hide_closed_rooms(const Visit& visit, bus::Value& command) {
    bus::Value::List open;
    const auto& where = command["where"].list();
    for (const auto& rule : where) {
        const auto text = rule.text();
        const auto room = text.starts_with("room:") ? bus::RoomAddress::from_text(text.substr(5)) : std::nullopt;
        const bool closed = room && room->account != live::web_account && visit.site.house.visibility(*room) >= bus::Visibility::closed;
        if (!closed) open.push_back(rule);
    }
    const bool nothing = open.empty() && !where.empty();
    command.set("where", std::move(open));
    return nothing;
}

service::Result<bus::Value> commands_for(const Visit& visit) {
    auto asked = bus::Value::map({{"identity", std::string(live::web_account) + "/" + visit.person.id}});
    if (const auto room = visit.request.value("room"); !room.empty()) asked.set("room", room);
    auto commands = visit.broker("commands", std::move(asked));
    if (!commands || !commands->is_list()) return commands;
    bus::Value::List out;
    for (const auto& one : commands->list()) {
        auto shown = one;
        if (visit.person.operator_ || !hide_closed_rooms(visit, shown)) out.push_back(std::move(shown));
    }
    return bus::Value(std::move(out));
}

}  // namespace

server::Response commands_page(const Visit& visit) {
    const auto commands = commands_for(visit);
    if (!commands) return visit.error_page(commands.error());
    return visit.page("Commands", "commands", pages::commands_view(*commands, visit.site.house.prefix, {}));
}

server::Response commands_json(const Visit& visit) { return json_of(commands_for(visit)); }

}  // namespace parley::api
