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

// A room's talk stands in the order of its seconds, and within one in the journal's: what is fetched from a platform may be
// stamped no finer, and so everybody heard it. Pages end between two events of that order, or one would be on none of them.
using Rank = std::pair<std::int64_t, bus::Sequence>;
std::chrono::seconds second_of(service::Time time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()); }
Rank rank_of(const View::Place& place) { return {second_of(place.time).count(), place.sequence}; }
Rank rank_of(const bus::Event& event) { return rank_of(View::Place{event.time, event.sequence}); }

// Up to `most` events that may be seen, nearest first, though the archive gives those of a second by time: the last second
// is read to its end.
class Nearest {
public:
    Nearest(const Seen& seen, std::size_t most) : seen_(seen), most_(most) {}

    std::vector<bus::Event> before(const bus::RoomAddress& room, const View::Place& place) {
        const bool newest = place.time == end_of_time;
        const View::Place end{newest ? end_of_time : service::Time(second_of(place.time) + std::chrono::seconds(1)), 0};
        seen_.view.before(room, end, [&](const bus::Event& event) { return take(event, rank_of(event) < rank_of(place)); });
        return nearest([](const bus::Event& a, const bus::Event& b) { return rank_of(a) > rank_of(b); });
    }
    std::vector<bus::Event> after(const bus::RoomAddress& room, const View::Place& place) {
        const View::Place begin{service::Time(second_of(place.time)), 0};
        seen_.view.after(room, begin, [&](const bus::Event& event) { return take(event, rank_of(event) > rank_of(place)); });
        return nearest([](const bus::Event& a, const bus::Event& b) { return rank_of(a) < rank_of(b); });
    }

private:
    static constexpr std::size_t second_max = 20'000;  // events of one second beyond `most`; a busier one is cut by time

    bool take(const bus::Event& event, bool beyond) {
        const auto second = second_of(event.time);
        if (events_.size() >= most_ && (second != last_ || events_.size() >= most_ + second_max)) return false;
        if (!beyond || !seen_.sees(event)) return true;
        events_.push_back(event);
        last_ = second;
        return true;
    }
    template <class Order>
    std::vector<bus::Event> nearest(const Order& order) {
        std::sort(events_.begin(), events_.end(), order);
        if (events_.size() > most_) events_.resize(most_);
        return std::move(events_);
    }

    const Seen& seen_;
    std::size_t most_;
    std::vector<bus::Event> events_;
    std::chrono::seconds last_{};
};

// In the order of the talk.
std::vector<bus::Event> stretch(const Seen& seen, const bus::RoomAddress& room, const Value& request) {
    const auto limit = limit_of(request);
    const auto before = [&](std::size_t most, const View::Place& place) {
        auto events = Nearest(seen, most).before(room, place);
        std::reverse(events.begin(), events.end());
        return events;
    };
    if (request["around"].is_number()) {
        const auto place = place_of(seen.view, static_cast<bus::Sequence>(request["around"].number()));
        auto events = before(std::max<std::size_t>(1, limit / 2), place);
        const auto rest = std::max(limit, events.size() + 1) - events.size();
        for (auto& event : Nearest(seen, rest).after(room, {place.time, place.sequence - 1})) events.push_back(std::move(event));
        return events;
    }
    if (request["after"].is_number()) {
        auto place = place_of(seen.view, static_cast<bus::Sequence>(request["after"].number()));
        if (place.time == end_of_time) place = {};  // not known here: from the beginning
        return Nearest(seen, limit).after(room, place);
    }
    const bool given = request["before"].is_number();
    return before(limit, given ? place_of(seen.view, static_cast<bus::Sequence>(request["before"].number())) : View::Place{end_of_time, 0});
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
