// What was said while we were away. Live messages are held until the archive has been read to its end, so that
// everything is told in order; what comes twice has the same id and is dropped by the kit.
#include "bridges/xmpp/session.h"
#include "broker/service/log.h"

namespace parley::xmpp {

using namespace std::chrono_literals;
using Step = CatchUp::Step;

namespace {

constexpr std::string_view too_short = "the room's history does not reach back to what we had";

}  // namespace

void Session::on_features(Room& room, const Element& iq) {
    room.catch_up->archive = has_archive(iq);
    join_room(room);
}

void Session::ask_page(Room& room) {
    auto& c = *room.catch_up;
    ArchiveQuery query;
    if (c.step == Step::look_back)
        query.before = c.from.native_id;
    else if (!c.after.empty())
        query.after = c.after;
    else
        query.start = c.from.time - CatchUp::look_back_time;
    room.query_id = fresh_id();
    room.since = out_.clock.steady();
    out_.send(ask_archive(room.jid, room.query_id, query));
}

void Session::on_archived(const Archived& archived) {
    const auto& m = archived.message;
    auto* room = room_of(m.from.bare);
    if (!room || room->state != Room::State::catching_up || archived.query != room->query_id) return;
    auto& c = *room->catch_up;
    if (m.type != "groupchat" || c.fetched >= CatchUp::messages_max + archive_page_max) return;
    ++c.fetched;
    if (!m.from.resource.empty() && ours(*room, m)) settle(*room, m);
    if (c.step == Step::look_back || !is_news(*room, m)) return;
    c.reached = *m.delayed;
    const bool is_topic = m.subject && !m.body;  // the present one came with joining
    if (!is_topic && !ours(*room, m)) on_content(room, m);
}

void Session::on_archive_page(Room& room, const Element& iq) {
    auto& c = *room.catch_up;
    room.query_id.clear();
    const auto error = read_error(iq);
    if (error && error->condition == "item-not-found" && c.step != Step::by_time) {
        c.step = Step::by_time;
        c.after.clear();
        return ask_page(room);
    }
    const auto page = read_archive_page(iq);
    if (!page) return archive_fails(room, error ? error->words() : "it answers with something else");
    if (c.step == Step::look_back) {
        c.step = Step::forward;
        c.after = c.from.native_id;
        c.joins_up = true;
        return ask_page(room);
    }
    if (!page->last.empty()) c.after = page->last;
    if (c.fetched >= CatchUp::messages_max) {
        gap(room, c.reached, out_.clock.now(), "too much was said while the bridge was away");
        return caught_up(room);
    }
    const bool more = !page->complete && !page->last.empty();
    if (more || std::exchange(c.held_overflow, false)) return ask_page(room);
    if (!c.joins_up) gap(room, c.from.time, out_.clock.now(), std::string(too_short));
    caught_up(room);
}

void Session::archive_fails(Room& room, const std::string& why) {
    service::log::warning("a room's archive fails", {{"room", room.jid}, {"why", why}});
    room.query_id.clear();
    gap(room, room.catch_up->reached, out_.clock.now(), "the room's archive fails: " + why);
    caught_up(room);
}

// Whether a message of the past is to be told. History comes in order and without holes, so what follows something that
// we had is news; what comes before it was said before our time.
bool Session::is_news(Room& room, const MessageStanza& m) {
    auto& c = *room.catch_up;
    if (memory_.by_native_id(room.jid, native_id(m))) {
        c.joins_up = true;
        return false;
    }
    if (c.joins_up) return true;
    if (*m.delayed < c.from.time - CatchUp::slack) return false;
    gap(room, c.from.time, *m.delayed, std::string(too_short));
    return c.joins_up = true;
}

void Session::hold(Room& room, const MessageStanza& m) {
    auto& c = *room.catch_up;
    if (c.held.size() >= CatchUp::held_max) {  // the archive has them, too
        c.held.clear();
        c.held_overflow = true;
    }
    c.held.push_back(m);
}

void Session::history_ended(Room& room) {
    if (room.catch_up && room.catch_up->archive) {
        room.state = Room::State::catching_up;
        return ask_page(room);
    }
    if (room.catch_up && !room.catch_up->joins_up)
        gap(room, room.catch_up->from.time, out_.clock.now(), std::string(too_short));
    caught_up(room);
}

void Session::caught_up(Room& room) {
    const auto held = room.catch_up ? std::move(room.catch_up->held) : std::vector<MessageStanza>();
    room.catch_up.reset();
    entered(room);
    for (const auto& m : held) on_room_message(room, m);
}

void Session::gap(Room& room, service::Time from, service::Time to, std::string why) {
    room.may_lack = true;
    bus::Event e;
    e.origin.room.room = room.jid;
    e.body = bus::Gap{from, std::max(from, to), std::move(why)};
    out_.host.received(std::move(e));
}

}  // namespace parley::xmpp
