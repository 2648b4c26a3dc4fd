// One event: as JSON with its versions, or, as a permalink, on to where it can be read.
#include "web/api/site.h"

namespace parley::api {
namespace {

using service::Result;

// Just said: perhaps the journal has told us and the archive not yet.
Result<bus::Value> event_asked(const Visit& visit) {
    if (const auto id = bus::EventId::from_text(visit.parts.at(0))) {
        const auto recent = visit.site.hub.find(*id);
        if (recent != nullptr && live::may_see(recent->event, visit.person) &&
            visit.request.value("versions").empty())
            return recent->value();
    }
    auto answer = visit.archive("event", bus::Value::map({{"id", visit.parts.at(0)}}));
    if (answer && (*answer)["event"].is_map()) return (*answer)["event"];
    return answer;
}

}  // namespace

server::Response event_page(const Visit& visit) {
    const auto event = event_asked(visit);
    if (!event) return visit.error_page(event.error());
    const auto kind = (*event)["kind"].text();
    if (kind == "command_requested") return server::Response::redirect(pages::run_address((*event)["id"].text()));
    if (kind == "run_started" || kind == "run_output" || kind == "run_finished")
        return server::Response::redirect(pages::run_address((*event)["run"].text()));
    const auto room = (*event)["account"].text() + "/" + (*event)["room"].text();
    return server::Response::redirect(
        pages::room_address(room, (*event)["sequence"].number(), (*event)["id"].text()));
}

server::Response event_json(const Visit& visit) {
    return json_of(visit.archive("event", bus::Value::map({{"id", visit.parts.at(0)}})));
}

}  // namespace parley::api
