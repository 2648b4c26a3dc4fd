// The commands that a person may call: from the same declaration that makes the parser and `!help`.
#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

service::Result<bus::Value> commands_for(const Visit& visit) {
    auto asked = bus::Value::map({{"identity", std::string(live::web_account) + "/" + visit.person.id}});
    if (const auto room = visit.request.value("room"); !room.empty()) asked.set("room", room);
    return visit.broker("commands", std::move(asked));
}

}  // namespace

server::Response commands_page(const Visit& visit) {
    const auto commands = commands_for(visit);
    if (!commands) return visit.error_page(commands.error());
    return visit.page("Commands", "commands", pages::commands_view(*commands, visit.site.house.prefix, {}));
}

server::Response commands_json(const Visit& visit) { return json_of(commands_for(visit)); }

}  // namespace parley::api
