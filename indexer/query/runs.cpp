#include "indexer/query/runs.h"

#include <algorithm>
#include <map>

#include "broker/bus/event_value.h"

namespace parley::query {

using bus::Value;
using service::Code;
using service::Result;

namespace {

constexpr std::size_t output_events_max = 5000, talk_beside = 5;

std::optional<bus::Event> asking(const archive::View& view, const bus::Event& requested) {
    const auto& asked_by = std::get<bus::CommandRequested>(requested.body).asked_by;
    if (asked_by.event) return view.event(asked_by.event);
    return asked_by.native_id.empty() ? std::nullopt : view.native(requested.origin.room, asked_by.native_id);
}

Value run_value(const Seen& seen, const bus::EventId& id) {
    const auto run = seen.view.run(id, output_events_max);
    if (!run) return {};
    Value::List output;
    for (const auto& part : run->output) output.push_back(bus::to_value(part));
    const auto asked = asking(seen.view, run->requested);
    const auto& middle = asked ? *asked : run->requested;
    auto talk = beside(seen, middle, talk_beside, true);
    for (auto& later : beside(seen, middle, talk_beside, false)) talk.push_back(std::move(later));
    return Value::map({{"id", id.text()},
                       {"requested", bus::to_value(run->requested)},
                       {"started", run->started ? bus::to_value(*run->started) : Value()},
                       {"output", std::move(output)},
                       {"finished", run->finished ? bus::to_value(*run->finished) : Value()},
                       {"asked", asked && seen.sees(*asked) ? as_it_stands(seen.view, *asked) : Value()},
                       {"talk", std::move(talk)}});
}

// A run may be named by its own id, or by that of anything that belongs to it: the message that asked too.
std::optional<bus::EventId> run_named(const archive::View& view, const bus::Event& event) {
    if (std::holds_alternative<bus::CommandRequested>(event.body)) return event.id;
    if (const auto* started = std::get_if<bus::RunStarted>(&event.body)) return started->run;
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return output->run;
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return finished->run;
    const auto asked = bus::derived_id({"command", event.id.view()});  // as the broker derives it
    return view.event(asked) ? std::optional(asked) : std::nullopt;
}

}  // namespace

Result<Value> run_reply(const Seen& seen, const Value& request) {
    auto event = seen.view.find(request["id"].text());
    if (!event) return service::fail(std::move(event.error()));
    const auto id = run_named(seen.view, *event);
    const auto requested = id ? seen.view.event(*id) : std::nullopt;
    if (!requested || !seen.sees(*requested) || !std::holds_alternative<bus::CommandRequested>(requested->body)) {
        return service::fail(Code::not_found, "no run has the id " + request["id"].text());
    }
    return run_value(seen, *id);
}

Result<Value> last_reply(const Seen& seen, const std::string& command, const std::vector<bus::RoomAddress>& rooms) {
    constexpr std::size_t looked_max = 10000;
    std::optional<bus::EventId> last;
    std::size_t looked = 0;
    seen.view.requests(command, [&](const bus::Event& requested) {
        if (seen.sees(requested) && (rooms.empty() || std::find(rooms.begin(), rooms.end(), requested.origin.room) != rooms.end())) last = requested.id;
        return !last && ++looked < looked_max;
    });
    if (!last) return service::fail(Code::not_found, "no run of " + command + " is known here");
    return run_value(seen, *last);
}

Value plot_reply(const Seen& seen, const Value& request, service::Time now) {
    constexpr std::size_t runs_max = 50000;
    const auto days = std::clamp<std::int64_t>(request["days"].number(30), 1, 366);
    const service::Time from = std::chrono::floor<std::chrono::days>(now) - std::chrono::days(days - 1);
    std::map<std::string, std::map<std::string, std::int64_t>> counts;
    std::size_t looked = 0;
    for (const auto& [number, command] : seen.view.names(archive::NameKind::command)) {
        seen.view.requests(command, [&](const bus::Event& requested) {
            if (requested.time < from) return false;
            if (!seen.sees(requested)) return true;
            const auto run = seen.view.run(requested.id, 0);
            const auto* finished = run && run->finished ? std::get_if<bus::RunFinished>(&run->finished->body) : nullptr;
            ++counts[service::iso8601(requested.time).substr(0, 10)][finished != nullptr ? std::string(bus::name(finished->outcome)) : "running"];
            return ++looked < runs_max;
        });
    }
    Value::List list;
    for (std::int64_t i = 0; i < days; ++i) {
        const auto day = service::iso8601(from + std::chrono::days(i)).substr(0, 10);
        auto outcomes = Value::map({});
        for (const auto& [outcome, count] : counts[day]) outcomes.set(outcome, count);
        list.push_back(Value::map({{"day", day}, {"outcomes", std::move(outcomes)}}));
    }
    return Value::map({{"days", std::move(list)}});
}

}  // namespace parley::query
