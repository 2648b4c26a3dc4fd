// Runs: one record, and how they fared by day.
#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {

server::Response run_page(const Visit& visit) {
    const auto run = visit.archive("run", bus::Value::map({{"id", visit.parts.at(0)}}));
    if (!run) return visit.error_page(run.error());
    pages::TimelineOptions options;
    options.rooms = true;
    const auto raw = (*run)["requested"]["raw"].text();
    return visit.page(raw.empty() ? "Run" : raw, "", pages::run_view(*run, options));
}

server::Response run_json(const Visit& visit) {
    return json_of(visit.archive("run", bus::Value::map({{"id", visit.parts.at(0)}})));
}

server::Response plot_json(const Visit& visit) {
    return json_of(visit.archive("plot", bus::Value::map({{"days", visit.number("days", 30, 1, 366)}})));
}

}  // namespace parley::api
