#include "indexer/query/talk.h"

#include <algorithm>

#include "broker/bus/event_value.h"

namespace parley::query {

using archive::View;
using bus::Value;
using service::Code;
using service::Result;

namespace {

constexpr std::int64_t page_max = 1000, page_usual = 100;
const service::Time end_of_time{std::chrono::microseconds(std::int64_t{1} << 62)};

std::size_t limit_of(const Value& request) {
    return static_cast<std::size_t>(std::clamp(request["limit"].number(page_usual), std::int64_t{1}, page_max));
}

Value with_text(Value value, const bus::Text& text) {
    value.set("text", text.plain).set("spans", bus::to_value(text.spans));
    return value;
}

Value::List versions_of(const View& view, const bus::Event& event, bool redacted) {
    Value::List out;
    for (const auto& later : view.about(event)) {
        const bool told = !redacted || !std::holds_alternative<bus::Edit>(later.body);
        out.push_back(told ? bus::to_value(later) : with_text(bus::to_value(later), {}));
    }
    return out;
}

View::Place place_of(const View& view, bus::Sequence sequence) {
    const auto event = view.event(sequence);
    return {event ? event->time : end_of_time, sequence};
}

std::optional<bus::Event> last_seen(const Seen& seen, const bus::RoomAddress& room) {
    constexpr int looked_max = 100;
    std::optional<bus::Event> last;
    int looked = 0;
    seen.view.before(room, {end_of_time, 0}, [&](const bus::Event& event) {
        if (seen.sees(event)) last = event;
        return !last && ++looked < looked_max;
    });
    return last;
}

std::vector<bus::Event> stretch(const Seen& seen, const bus::RoomAddress& room, const Value& request) {
    const auto limit = limit_of(request);
    std::vector<bus::Event> events;
    const auto up_to = [&](std::size_t most) {
        return [&events, &seen, most](const bus::Event& event) {
            if (seen.sees(event)) events.push_back(event);
            return events.size() < most;
        };
    };
    if (request["around"].is_number()) {
        const auto place = place_of(seen.view, static_cast<bus::Sequence>(request["around"].number()));
        seen.view.before(room, place, up_to(std::max<std::size_t>(1, limit / 2)));
        std::reverse(events.begin(), events.end());
        seen.view.after(room, {place.time, place.sequence - 1}, up_to(std::max(limit, events.size() + 1)));
    } else if (request["after"].is_number()) {
        const auto after = static_cast<bus::Sequence>(request["after"].number());
        auto place = place_of(seen.view, after);
        if (place.time == end_of_time) place = {};  // not known here: from the beginning
        seen.view.after(room, place, up_to(limit));
    } else {
        const bool before = request["before"].is_number();
        seen.view.before(room, before ? place_of(seen.view, static_cast<bus::Sequence>(request["before"].number())) : View::Place{end_of_time, 0}, up_to(limit));
        std::reverse(events.begin(), events.end());
    }
    return events;
}

}  // namespace

Value as_it_stands(const View& view, const bus::Event& event) {
    auto value = bus::to_value(event);
    if (std::holds_alternative<bus::Edit>(event.body)) {
        const auto target = view.target(event);
        return target && view.standing(*target).redacted ? with_text(std::move(value), {}) : value;
    }
    if (!std::holds_alternative<bus::Message>(event.body)) return value;
    const auto standing = view.standing(event);
    value.set("edited", standing.revision > 0).set("redacted", standing.redacted);
    if (standing.redacted) value.set("attachments", Value::List{});
    return with_text(std::move(value), standing.text);
}

Result<Value> event_reply(const Seen& seen, const Value& request) {
    auto event = seen.view.find(request["id"].text());
    if (!event) return service::fail(std::move(event.error()));
    // Whoever may not see it learns no more than who asks for what is not there.
    if (!seen.sees(*event)) return service::fail(Code::not_found, "nothing here has the id " + request["id"].text());
    auto value = as_it_stands(seen.view, *event);
    value.set("versions", versions_of(seen.view, *event, value["redacted"].boolean()));
    return value;
}

Result<Value> room_reply(const Seen& seen, const Value& request) {
    const auto room = bus::RoomAddress::from_text(request["room"].text());
    if (!room) return service::fail(Code::invalid, "\"" + request["room"].text() + "\" is not a room", "a room is written account/room");
    const auto events = stretch(seen, *room, request);
    // A room that the viewer may not see is answered like one that is not there.
    if (events.empty() && !last_seen(seen, *room)) {
        return service::fail(Code::not_found, "nothing is known of the room " + room->text());
    }
    Value::List list;
    for (const auto& event : events) list.push_back(as_it_stands(seen.view, event));
    return Value::map({{"events", std::move(list)}});
}

// The rooms in which the viewer may see something among the latest 100 events.
Value rooms_reply(const Seen& seen) {
    Value::List rooms;
    for (const auto& [number, name] : seen.view.names(archive::NameKind::room)) {
        const auto room = bus::RoomAddress::from_text(name);
        const auto last = room ? last_seen(seen, *room) : std::nullopt;
        if (!last) continue;
        rooms.push_back(Value::map({{"account", room->account}, {"room", room->room},
                                    {"last_us", last->time.time_since_epoch().count()}, {"last_sequence", last->sequence}}));
    }
    return Value::map({{"rooms", std::move(rooms)}});
}

Value export_reply(const View& view, const Value& request) {
    Value::List list;
    const auto limit = limit_of(request);
    view.each(static_cast<bus::Sequence>(request["after"].number()), [&](const bus::Event& event) {
        list.push_back(as_it_stands(view, event));
        return list.size() < limit;
    });
    return Value::map({{"events", std::move(list)}});
}

Value::List beside(const Seen& seen, const bus::Event& event, std::size_t count, bool before) {
    constexpr int looked_max = 100;
    Value::List out;
    int looked = 0;
    const auto visit = [&](const bus::Event& other) {
        if (std::holds_alternative<bus::Message>(other.body) && seen.sees(other)) {
            auto value = as_it_stands(seen.view, other);
            if (!value["redacted"].boolean()) out.push_back(std::move(value));
        }
        return out.size() < count && ++looked < looked_max;
    };
    const View::Place place{event.time, event.sequence};
    if (before) seen.view.before(event.origin.room, place, visit);
    else seen.view.after(event.origin.room, place, visit);
    if (before) std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace parley::query
