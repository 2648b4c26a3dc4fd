// Runs: one record, how to stop it while it runs, and how they fared by day.
#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

using bus::Value;
using service::Result;

Result<Value> run_asked(const Visit& visit) { return visit.archive("run", Value::map({{"id", visit.parts.at(0)}})); }

// As if this person typed `!cancel ID` in the page's room of that gateway: the same rules decide. A run that they asked for
// on their own network is theirs, too.
Result<Value> cancel(const Visit& visit, const Value& run, bool only_try) {
    const auto& person = visit.person;
    const auto room = bus::RoomAddress::from_text(run["requested"]["account"].text() + "/" + run["requested"]["room"].text());
    const bool proven = person.strength > bus::Strength::nickname;
    return visit.broker("cancel", Value::map({{"run", run["id"]},
                                              {"who", person.name},
                                              {"identity", std::string(live::web_account) + "/" + person.id},
                                              {"also", proven && !person.operator_ ? person.id : std::string()},
                                              {"strength", static_cast<std::int64_t>(person.strength)},
                                              {"room", room ? live::together(visit.site.house, *room).writes_to : std::string()},
                                              {"try", only_try}}));
}

}  // namespace

server::Response run_page(const Visit& visit) {
    const auto run = run_asked(visit);
    if (!run) return visit.error_page(run.error());
    pages::RunView view;
    view.timeline.rooms = true;
    view.told_to_stop = !visit.request.value("told").empty();
    view.may_cancel = (*run)["finished"].is_nil() && !view.told_to_stop && cancel(visit, *run, true);
    const auto raw = (*run)["requested"]["raw"].text();
    return visit.page(raw.empty() ? "Run" : raw, "", pages::run_view(*run, view));
}

server::Response run_cancel(const Visit& visit) {
    const auto run = run_asked(visit);  // who may not see it cannot stop it
    if (!run) return visit.error_page(run.error());
    const auto done = cancel(visit, *run, false);
    if (!done) return visit.error_page(done.error());
    return server::Response::redirect(pages::run_address((*run)["id"].text()) + "?told=stop");
}

server::Response run_json(const Visit& visit) { return json_of(run_asked(visit)); }

server::Response plot_json(const Visit& visit) {
    return json_of(visit.archive("plot", bus::Value::map({{"days", visit.number("days", 30, 1, 366)}})));
}

}  // namespace parley::api
