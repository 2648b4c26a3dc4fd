#include "indexer/query/service.h"

#include "broker/service/metrics.h"
#include "indexer/query/runs.h"
#include "indexer/query/talk.h"
#include "indexer/query/trace.h"
#include "indexer/query/viewer.h"

namespace parley::query {

using bus::Value;
using service::Result;

Service::Service(const archive::Archive& archive, const search::Index& index, const bus::HouseSettings& house,
                 const service::Clock& clock, const Progress& progress)
    : archive_(archive), house_(house), clock_(clock), progress_(progress), reader_(index, archive, names_of(house)) {}

Result<Value> Service::answer(const std::string& method, const Value& request, std::chrono::milliseconds left) {
    if (method == "search") return search(request, left);
    if (method == "status") return status();
    if (method == "metrics") return Value::map({{"text", metrics()}});
    const archive::View view(archive_);
    if (method == "export") return export_reply(view, request);
    const search::Sight sight(view, viewer_of(request["viewer"], house_));
    const Seen seen{view, sight};
    if (method == "event") return event_reply(seen, request);
    if (method == "trace") return trace_reply(seen, request, house_);
    if (method == "room") return room_reply(seen, request);
    if (method == "rooms") return rooms_reply(seen);
    if (method == "run") return run_reply(seen, request);
    if (method == "last") {  // `room` stands for its whole gateway: what one room runs, the others see
        return last_reply(seen, request["command"].text(), viewer_of(Value::map({{"room", request["room"]}}), house_).rooms);
    }
    if (method == "plot") return plot_reply(seen, request, clock_.now());
    if (method == "help") return Value::map({{"text", search::query_help()}});
    return service::fail(service::Code::unsupported, "the archive cannot be asked for \"" + method + "\"",
                         "search, event, room, rooms, run, trace, last, plot, export, help, metrics or status");
}

Value Service::status() const {
    const archive::View view(archive_);
    return Value::map({{"last_sequence", progress_.archived.load()},
                       {"searchable", progress_.searchable.load()},
                       {"events", view.events()},
                       {"documents", progress_.documents.load()},
                       {"lag_us", progress_.lag_us.load()},
                       {"rebuilding", progress_.rebuilding.load()},
                       {"trouble", progress_.trouble()},
                       {"dead_letters", progress_.dead_letters.load()},
                       {"archive_bytes", archive_.used_bytes()}});
}

std::string Service::metrics() const {
    service::Metrics now;
    const auto is = status();
    now.gauge("parley_archive_sequence", "The newest event in the archive").set(is["last_sequence"].number());
    now.gauge("parley_archive_searchable_sequence", "The newest event that can be found").set(is["searchable"].number());
    now.gauge("parley_archive_events", "Events in the archive").set(is["events"].number());
    now.gauge("parley_archive_documents", "What can be found: messages, runs, topics").set(is["documents"].number());
    now.gauge("parley_archive_bytes", "Size of the archive").set(is["archive_bytes"].number());
    now.seconds_gauge("parley_archive_lag_seconds", "From the journal until it could be found, of the last that was written").set(is["lag_us"].number());
    now.gauge("parley_archive_trouble", "1 while archive or index cannot be written").set(is["trouble"].text().empty() ? 0 : 1);
    now.gauge("parley_dead_letters", "Events set aside because they crash the process", {{"process", "archive"}}).set(is["dead_letters"].number());
    service::measure_process(now, "indexer");
    return now.prometheus();
}

}  // namespace parley::query
