// Rooms: the list, one room's talk with all that mirror it, and writing into it.
#include <algorithm>

#include "broker/service/nearest.h"
#include "web/api/site.h"
#include "web/pages/views.h"
#include "web/server/json.h"

namespace parley::api {

service::Result<std::vector<bus::Value>> rooms_of(const Visit& visit);

namespace {

using bus::Value;
using server::Response;
using service::Code;
using service::Error;
using service::Result;

constexpr std::int64_t limit_usual = 100, limit_max = 500;

struct Talk {
    std::vector<Value> events;
    bool known = false;  // to the archive, and to this person
    bool more = false;  // beyond the limit, on the side that was asked for
};

// By time, as the archive orders a room: what was imported or fetched later than it was said stands where it belongs. By
// the second: what is fetched from a platform may be stamped no finer, and within a second the journal's order is the one
// in which everybody heard it.
bool earlier(const Value& a, const Value& b) {
    constexpr std::int64_t second_us = 1'000'000;
    return std::pair(a["time_us"].number() / second_us, a["sequence"].number()) <
           std::pair(b["time_us"].number() / second_us, b["sequence"].number());
}

// Each room of the gateway is asked for the same stretch; merged, the nearest `limit` to its beginning are the
// answer.
Result<Talk> talk_of(const Visit& visit, const live::Together& together, std::string_view side, std::int64_t place,
                     std::int64_t limit) {
    Talk talk;
    for (const auto& room : together.rooms) {
        auto asked = Value::map({{"room", room.text()}, {"limit", limit}});
        if (!side.empty()) asked.set(std::string(side), place);
        const auto answer = visit.archive("room", std::move(asked));
        if (!answer) {
            // A room in which nothing was said yet, or one that this person may not see, adds nothing.
            const auto code = answer.error().code;
            if (code == Code::not_found || code == Code::denied) continue;
            return service::fail(answer.error());
        }
        talk.known = true;
        const auto& events = (*answer)["events"].list();
        talk.events.insert(talk.events.end(), events.begin(), events.end());
    }
    std::sort(talk.events.begin(), talk.events.end(), earlier);
    const auto most = static_cast<std::size_t>(limit);
    if (talk.events.size() <= most) {
        talk.more = talk.events.size() == most;
        return talk;
    }
    talk.more = true;
    auto from = talk.events.size() - most;
    if (side == "after") from = 0;
    if (side == "around") {
        const auto at = std::find_if(talk.events.begin(), talk.events.end(),
                                     [&](const Value& one) { return one["sequence"].number() == place; });
        const auto middle = static_cast<std::size_t>(at - talk.events.begin());
        from = std::min(middle > most / 2 ? middle - most / 2 : 0, from);
    }
    const auto first = talk.events.begin() + static_cast<std::ptrdiff_t>(from);
    talk.events = std::vector<Value>(first, first + static_cast<std::ptrdiff_t>(most));
    return talk;
}

struct Asked {
    std::string_view side;  // "before", "after", "around" or empty: the newest
    std::int64_t place = 0;
};

Asked side_of(const Visit& visit) {
    for (const std::string_view side : {"around", "before", "after"}) {
        const auto place = visit.number(side, -1, -1, INT64_MAX);
        if (place >= 0) return {side, place};
    }
    return {};
}

// A room that the settings do not name and in which nothing was said is none; neither is one that this person may not see.
Result<void> there_is(const Visit& visit, const bus::RoomAddress& room, const live::Together& together, const Talk& talk) {
    if (talk.known || together.rooms.size() > 1 || !together.gateway.empty() || visit.site.house.rooms.contains(room)) return {};
    std::vector<std::string> names;
    const auto rooms = rooms_of(visit);
    if (rooms) {
        for (const Value& one : *rooms) names.push_back(one["address"].text());
    }
    const auto near = service::nearest(room.text(), names, 1);
    return service::fail(Code::not_found, "there is no room " + room.text() + " here", near.empty() ? "the rooms are listed under Rooms" : "did you mean " + near[0] + "?");
}

Result<bus::RoomAddress> room_asked(const Visit& visit) {
    const auto room = bus::RoomAddress::from_text(visit.parts.at(0));
    if (!room)
        return service::fail(Code::not_found, "\"" + visit.parts.at(0) + "\" is not a room",
                             "a room is written account/room");
    return *room;
}

}  // namespace

// The gateways by their names, then the rooms that stand alone.
Result<std::vector<Value>> rooms_of(const Visit& visit) {
    std::vector<Value> out;
    const auto known = visit.archive("rooms", Value::map({}));
    const auto list = known ? (*known)["rooms"].list() : Value::List{};
    const auto name_of = [](const Value& one) { return one["account"].text() + "/" + one["room"].text(); };
    std::vector<std::string> taken;
    for (const auto& gateway : visit.site.house.gateways) {
        Value::List rooms;
        std::int64_t last = 0;
        std::string address = gateway.rooms.empty() ? "" : gateway.rooms.front().text();
        for (const auto& room : gateway.rooms) {
            rooms.emplace_back(room.text());
            taken.push_back(room.text());
            if (room.account == live::web_account) address = room.text();
            for (const Value& one : list) {
                if (name_of(one) != room.text()) continue;
                last = std::max(last, one["last_us"].number());
            }
        }
        out.push_back(Value::map(
            {{"name", gateway.name}, {"address", address}, {"rooms", std::move(rooms)}, {"last_us", last}}));
    }
    for (const Value& one : list) {
        const auto name = name_of(one);
        if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
        out.push_back(Value::map(
            {{"name", name}, {"address", name}, {"rooms", Value::List{name}}, {"last_us", one["last_us"]}}));
    }
    if (!known && out.empty()) return service::fail(known.error());
    return out;
}

Response home_page(const Visit& visit) {
    pages::HomeView view;
    if (auto rooms = rooms_of(visit))
        view.rooms =
            Value(Value::List(rooms->begin(), rooms->begin() + std::min<std::ptrdiff_t>(12, std::ssize(*rooms))));
    auto plot = visit.archive("plot", Value::map({{"days", 30}}));
    if (plot)
        view.plot = std::move(*plot);
    else
        view.error = plot.error();
    return visit.page("", "search", pages::home_view(view));
}

Response rooms_page(const Visit& visit) {
    const auto rooms = rooms_of(visit);
    if (!rooms) return visit.error_page(rooms.error());
    return visit.page("Rooms", "rooms", pages::rooms_view(*rooms, {}));
}

Response rooms_json(const Visit& visit) {
    auto rooms = rooms_of(visit);
    if (!rooms) return json_error(rooms.error());
    return Response::json(Value::map({{"rooms", Value(Value::List(rooms->begin(), rooms->end()))}}).json());
}

Response room_page(const Visit& visit) {
    const auto room = room_asked(visit);
    if (!room) return visit.error_page(room.error());
    const auto together = live::together(visit.site.house, *room);
    const auto asked = side_of(visit);
    pages::RoomView view;
    view.room = room->text();
    view.gateway = together.gateway;
    for (const auto& one : together.rooms) view.rooms.push_back(one.text());
    view.writes_to = together.writes_to;
    view.timeline.own_id = visit.person.id;
    view.timeline.rooms = together.rooms.size() > 1;
    view.live = asked.side.empty();
    if (asked.side == "around") view.timeline.marked = asked.place;
    auto talk = talk_of(visit, together, asked.side, asked.place, limit_usual);
    if (talk) {
        if (const auto found = there_is(visit, *room, together, *talk); !found) return visit.error_page(found.error());
        view.events = std::move(talk->events);
        view.more_before = talk->more || asked.side == "after" || asked.side == "around";
        view.more_after = !view.live;
    } else {
        view.error = talk.error();
    }
    return visit.page(view.gateway.empty() ? view.room : view.gateway, "rooms", pages::room_view(view), true,
                      view.error ? status_of(*view.error) : 200);
}

Response room_json(const Visit& visit) {
    const auto room = room_asked(visit);
    if (!room) return json_error(room.error());
    const auto asked = side_of(visit);
    const auto together = live::together(visit.site.house, *room);
    auto talk = talk_of(visit, together, asked.side, asked.place, visit.number("limit", limit_usual, 1, limit_max));
    if (!talk) return json_error(talk.error());
    if (const auto found = there_is(visit, *room, together, *talk); !found) return json_error(found.error());
    return Response::json(
        Value::map({{"events", Value(Value::List(talk->events.begin(), talk->events.end()))}, {"more", talk->more}})
            .json());
}

namespace {

Result<live::Written> write(const Visit& visit, const std::string& text, std::string client,
                            const std::string& reply_to) {
    const auto room = room_asked(visit);
    if (!room) return service::fail(room.error());
    const auto together = live::together(visit.site.house, *room);
    if (together.writes_to.empty())
        return service::fail(Code::denied, "\"" + room->text() + "\" has no side on this page",
                             "write to a room of the same gateway that begins with web/");
    if (client.empty()) client = service::SystemRandom().token(12);
    return visit.site.writer.say(visit.person, together.writes_to, client, text, reply_to);
}

}  // namespace

Response room_post(const Visit& visit) {
    const auto written = write(visit, std::string(server::value_of(visit.request.form(), "text")), {}, {});
    if (!written) return visit.error_page(written.error());
    return Response::redirect(pages::room_address(visit.parts.at(0)) + "#latest");
}

Response room_post_json(const Visit& visit) {
    if (!visit.request.header("content-type").starts_with("application/json")) {
        auto refused = json_error({Code::invalid, "the body must be JSON", "send Content-Type: application/json"});
        refused.status = 415;
        return refused;
    }
    const auto body = server::parse_json(visit.request.body);
    if (!body) return json_error(body.error());
    const auto written =
        write(visit, (*body)["text"].text(), (*body)["client_id"].text(), (*body)["reply_to"].text());
    if (!written) return json_error(written.error());
    return Response::json(Value::map({{"id", written->id.text()},
                                      {"sequence", written->sequence},
                                      {"link", visit.site.house.page + "/m/" + written->id.text()}})
                              .json(),
                          201);
}

}  // namespace parley::api
