// The link and the rooms: coming in, being thrown out, and who is there. Messages are in session_messages.cpp, what we
// say in session_deliveries.cpp.
#include "bridges/xmpp/session.h"

#include "broker/service/log.h"

namespace parley::xmpp {

using service::Code;
using service::Error;
using namespace std::chrono_literals;
using Change = bus::Membership::Change;

namespace {

constexpr auto join_limit = 30s;
constexpr auto features_limit = 10s;  // a room that does not say what it can do is taken to have no archive
constexpr auto page_limit = 30s;
constexpr auto history_limit = 10s;  // a room ends its history with its subject; one that does not is taken as it is
constexpr unsigned conflicts_max = 5;
constexpr std::size_t occupants_max = 50'000;

Error why_no_room(const std::string& room, const StanzaError& e) {
    const auto& c = e.condition;
    if (c == "forbidden") return {Code::denied, "we are banned from " + room, "ask the room's owner"};
    if (c == "registration-required") return {Code::denied, room + " is for members only", "ask the room's owner to add us"};
    if (c == "not-authorized") return {Code::denied, room + " needs a password", "rooms with a password are not supported"};
    if (c == "item-not-found") return {Code::not_found, room + " does not exist", "check its name, or have it made"};
    if (c == "conflict") return {Code::conflict, "every variant of our nick is taken in " + room, "choose another nick in the settings"};
    if (c == "not-allowed") return {Code::denied, room + " may not be created by us", "have it made by somebody who may"};
    return {Code::unavailable, "cannot join " + room + ": " + e.words(), ""};
}

bool lasting(const Error& e) { return e.code == Code::denied || e.code == Code::not_found; }

}  // namespace

Session::Room::Room(std::string address, std::string name, service::Random& random)
    : jid(std::move(address)), nick(std::move(name)), backoff(random, {2000ms, 5min, 2}) {}

Session::Session(Outlets outlets, std::string nick, std::vector<std::string> rooms, const std::string& folder, Patience patience)
    : out_(std::move(outlets)), nick_(std::move(nick)), patience_(patience), memory_(folder) {
    for (const auto& name : rooms) {
        const auto jid = parse_jid(name);
        if (!jid.resource.empty() || jid.bare.empty()) continue;  // a direct conversation: nothing to join
        rooms_.emplace(jid.bare, Room(name, nick_, out_.random));
    }
}

std::string Session::fresh_id() { return "q" + std::to_string(++counter_) + '-' + out_.random.token(9); }

Session::Room* Session::room_of(const std::string& jid) {
    const auto it = rooms_.find(parse_jid(jid).bare);
    return it == rooms_.end() ? nullptr : &it->second;
}

void Session::link_up(const std::string& bound_jid, bool resumed) {
    up_ = true;
    const auto jid = parse_jid(bound_jid);
    own_jid_ = jid.bare;
    domain_ = jid.domain();
    answered_ = !resumed;
    ping_id_.clear();
    ping_next_ = out_.clock.steady() + patience_.ping_after;
    for (auto& [id, pending] : pending_) {
        pending.is_sent = pending.carried = resumed && pending.was_sent;
        pending.sent = out_.clock.steady();
        pending.was_sent = false;
    }
    if (!resumed) out_.send(element("presence"));
    for (auto& [name, room] : rooms_) {
        if (resumed && room.was_in) {
            go_on_in(room);
            continue;
        }
        room.was_in = false;
        room.nick = nick_;
        room.conflicts = 0;
        room.backoff.reset();
        try_join(room);
    }
}

// The room has not noticed that we were away, and what it said meanwhile follows. Its answer to a ping comes behind all
// that it had from us before.
void Session::go_on_in(Room& room) {
    room.state = Room::State::in;
    room.was_in = false;
    room.occupants = std::exchange(room.before, {});
    room.ping_at = out_.clock.steady() + patience_.ping_timeout;
    room.ping_id = fresh_id();
    room.settling = true;
    out_.send(ping(room.jid + '/' + room.nick, room.ping_id));
    out_.host.room_changed(room.jid, true);
}

void Session::say_again_what_was_not_shown(Room& room) {
    room.settling = false;
    for (auto& [id, pending] : pending_)
        if (room_of(pending.delivery.id.room) == &room && std::exchange(pending.carried, false)) pending.is_sent = false;
    say_what_waits(room);
}

void Session::say_what_waits(const Room& room) {
    const auto ids = order_;
    for (const auto& id : ids) {
        const auto it = pending_.find(id);
        if (it != pending_.end() && !it->second.is_sent && !it->second.from_before && room_of(it->second.delivery.id.room) == &room)
            send_pending(it->second);
    }
}

void Session::link_lost() {
    up_ = false;
    for (auto& [id, pending] : pending_) {
        pending.from_before = true;
        pending.was_sent |= pending.is_sent;
        pending.is_sent = false;
    }
    for (auto& [name, room] : rooms_) {
        room.was_in |= room.state == Room::State::in;
        if (room.state == Room::State::in) room.before = room.occupants;
        if (room.state != Room::State::out) out_.host.room_changed(room.jid, false);
        room.state = Room::State::out;
        room.occupants.clear();
        room.settling = false;
        room.ping_id.clear();
        room.query_id.clear();
        room.catch_up.reset();
    }
}

void Session::leave_all() {
    for (auto& [name, room] : rooms_)
        if (up_ && room.state != Room::State::out) out_.send(leave(room.jid, room.nick));
}

void Session::handle(const Element& stanza) {
    if (stanza.name == "message") {
        if (const auto past = read_archived(stanza)) {
            // Only a room speaks for its archive, and only of itself.
            if (past->message.from.bare == parse_jid(stanza["from"]).bare) on_archived(*past);
        } else if (const auto m = read_message(stanza)) on_message(*m);
    } else if (stanza.name == "presence") {
        if (const auto p = read_presence(stanza)) on_presence(*p);
    } else if (stanza.name == "iq") {
        on_iq(stanza);
    }
}

void Session::try_join(Room& room) {
    auto seen = out_.host.last_seen(room.jid);
    if (!seen && room.been_in_since) seen = kit::Seen{{}, *room.been_in_since};
    room.discard_history = !seen;
    room.occupants.clear();
    room.ping_id.clear();
    room.catch_up.reset();
    if (!seen) return join_room(room);
    auto& c = room.catch_up.emplace();
    room.may_lack = false;
    c.from = *seen;
    c.reached = seen->time;
    // Nobody had spoken yet: there is no message that what we are told could begin with.
    c.joins_up = seen->native_id.empty();
    c.step = seen->native_id.empty() ? CatchUp::Step::by_time : CatchUp::Step::look_back;
    room.state = Room::State::asking;
    room.since = out_.clock.steady();
    room.query_id = fresh_id();
    out_.send(ask_features(room.jid, room.query_id));
}

void Session::join_room(Room& room) {
    History history;
    // On a first join only our own messages are looked for, from a life that ended before it was answered.
    if (!room.catch_up)
        history.stanzas_max = 20;
    else if (room.catch_up->archive)
        history.stanzas_max = 0;
    else
        history.since = std::chrono::floor<std::chrono::seconds>(room.catch_up->from.time - CatchUp::look_back_time);
    room.state = Room::State::joining;
    room.keeps_ids = false;
    room.since = out_.clock.steady();
    room.query_id.clear();
    out_.send(join(room.jid, room.nick, history));
}

void Session::entered(Room& room) {
    room.state = Room::State::in;
    room.was_in = false;
    room.backoff.reset();
    room.ping_at = out_.clock.steady() + patience_.ping_after;
    room.discard_history = false;
    if (!room.been_in_since) room.been_in_since = out_.clock.now();
    for (const auto& [nick, occupant] : room.before) {
        if (room.occupants.contains(nick)) continue;
        const auto id = !occupant.real_jid.empty() ? occupant.real_jid : !occupant.occupant_id.empty() ? occupant.occupant_id : nick;
        membership(room, {Change::leave, id, nick, {}, "left while we were away"});
    }
    room.before.clear();
    out_.host.room_changed(room.jid, true);
    say_what_waits(room);
}

void Session::out_of(Room& room, const Error& reason, std::chrono::milliseconds least_wait) {
    if (room.state == Room::State::in) room.before = room.occupants;
    room.state = Room::State::out;
    room.settling = false;
    room.ping_id.clear();
    room.query_id.clear();
    room.catch_up.reset();
    // Whether the room took what we said last is settled by its history when we are back.
    for (auto& [id, pending] : pending_)
        if (room_of(pending.delivery.id.room) == &room) pending.is_sent = false;
    room.next_try = out_.clock.steady() + std::max(least_wait, room.backoff.next());
    out_.host.room_changed(room.jid, false, reason);
}

void Session::membership(Room& room, bus::Membership change) {
    bus::Event e;
    e.time = out_.clock.now();
    e.origin.room.room = room.jid;
    e.origin.native_id = "presence/" + fresh_id();
    e.author = {change.id, change.name, change.id == change.name ? bus::Strength::nickname : bus::Strength::account, false, {}};
    e.body = std::move(change);
    out_.host.received(std::move(e));
}

void Session::on_presence(const PresenceStanza& p) {
    auto* room = room_of(p.from.bare);
    if (!room) return;
    if (p.error) return on_join_error(*room, p);
    if (p.from.resource.empty()) {  // the room's own, whatever its codes say: an occupant has a nick
        if (p.type == "unavailable") out_of(*room, {Code::unavailable, room->jid + " is gone", ""});
        return;
    }
    // 110 is us; a few servers leave it out, but nobody else can have our nick.
    if (p.status.contains(110) || (p.room && p.from.resource == room->nick)) return on_own_presence(*room, p);
    on_occupant(*room, p);
}

void Session::on_join_error(Room& room, const PresenceStanza& p) {
    if (room.state != Room::State::joining) return;
    if (p.error->condition == "conflict" && room.conflicts < conflicts_max) {
        ++room.conflicts;
        room.nick = nick_ + std::string(room.conflicts, '_');
        return join_room(room);
    }
    const auto why = why_no_room(room.jid, *p.error);
    out_of(room, why, lasting(why) ? std::chrono::milliseconds(1min) : 0ms);
}

void Session::on_own_presence(Room& room, const PresenceStanza& p) {
    if (p.type != "unavailable") {
        room.nick = p.from.resource;
        room.occupants[room.nick] = {own_jid_, p.occupant_id};
        if (p.status.contains(201)) out_.send(open_new_room(room.jid, fresh_id()));
        if (room.state == Room::State::joining) {
            room.state = Room::State::history;
            room.since = out_.clock.steady();
        }
        return;
    }
    if (p.status.contains(303)) {
        room.occupants.erase(room.nick);
        if (!p.new_nick.empty()) room.nick = p.new_nick;
        return;
    }
    const auto because = (p.actor.empty() ? "" : " by " + p.actor) + (p.reason.empty() ? "" : ": " + p.reason);
    if (p.destroyed) return out_of(room, {Code::not_found, room.jid + " was destroyed" + because, ""}, 1min);
    if (p.status.contains(301)) return out_of(room, {Code::denied, "we were banned from " + room.jid + because, "ask the room's owner"}, 5min);
    if (p.status.contains(307)) return out_of(room, {Code::denied, "we were kicked from " + room.jid + because, ""}, 5s);
    if (p.status.contains(321) || p.status.contains(322))
        return out_of(room, {Code::denied, "we are no longer a member of " + room.jid + because, "ask the room's owner"}, 1min);
    out_of(room, {Code::unavailable, "the room service let go of us" + because, ""});
}

void Session::on_occupant(Room& room, const PresenceStanza& p) {
    const auto& nick = p.from.resource;
    const auto known = room.occupants.find(nick);
    Occupant who = known == room.occupants.end() ? Occupant{} : known->second;
    if (!p.real_jid.empty()) who.real_jid = p.real_jid;
    if (!p.occupant_id.empty()) who.occupant_id = p.occupant_id;
    const auto id = !who.real_jid.empty() ? who.real_jid : !who.occupant_id.empty() ? who.occupant_id : nick;
    if (p.type.empty()) {
        const bool is_new = known == room.occupants.end();
        if (is_new && room.occupants.size() >= occupants_max) return;
        room.occupants[nick] = who;
        if (!is_new) return;
        if (room.state == Room::State::in)
            membership(room, {Change::join, id, nick, {}, {}});
        else if (!room.before.contains(nick))
            membership(room, {Change::present, id, nick, {}, {}});
        return;
    }
    if (p.type != "unavailable" || known == room.occupants.end()) return;
    room.occupants.erase(known);
    if (p.status.contains(303) && !p.new_nick.empty()) {
        room.occupants[p.new_nick] = who;
        return membership(room, {Change::rename, id, nick, p.new_nick, {}});
    }
    const auto change = p.status.contains(301) ? Change::ban : p.status.contains(307) ? Change::kick : Change::leave;
    membership(room, {change, id, nick, {}, p.reason});
}

void Session::on_iq(const Element& iq) {
    if (const auto reply = answer(iq)) return out_.send(*reply);
    const auto& id = iq["id"];
    if (!ping_id_.empty() && id == ping_id_) {
        answered_ = true;
        return ping_id_.clear();
    }
    if (id.starts_with("c-")) return answer_pending(id.substr(2), id.substr(2));
    for (auto& [name, room] : rooms_) {
        if (!room.query_id.empty() && room.query_id == id && parse_jid(iq["from"]).bare == name) {
            if (room.state == Room::State::asking) return on_features(room, iq);
            return on_archive_page(room, iq);
        }
        if (room.ping_id.empty() || room.ping_id != id) continue;
        answered_ = true;
        room.ping_id.clear();
        room.ping_at = out_.clock.steady() + patience_.ping_after;
        const auto error = read_error(iq);
        // XEP-0410: these mean that we are in, though somebody on the way does not know pings.
        if (!error || error->condition == "service-unavailable" || error->condition == "feature-not-implemented" ||
            error->condition == "item-not-found")
            return say_again_what_was_not_shown(room);
        return out_of(room, {Code::unavailable, room.jid + " no longer knows us: " + error->words(), ""});
    }
}

void Session::tick() {
    if (!up_) return;
    const auto now = out_.clock.steady();
    if (!ping_id_.empty() && now - ping_sent_ > patience_.ping_timeout) {
        ping_id_.clear();
        return out_.give_up({Code::timeout, "the server has not answered for " + service::for_people(patience_.ping_timeout), ""}, !answered_);
    }
    if (ping_id_.empty() && now >= ping_next_) {
        ping_id_ = fresh_id();
        ping_sent_ = now;
        ping_next_ = now + patience_.ping_after;
        out_.send(ping(domain_, ping_id_));
    }
    for (auto& [name, room] : rooms_) {
        if (room.state == Room::State::out && now >= room.next_try) try_join(room);
        if (room.state == Room::State::asking && now - room.since > features_limit) join_room(room);
        if (room.state == Room::State::joining && now - room.since > join_limit)
            out_of(room, {Code::timeout, room.jid + " did not answer", "check the room's address"});
        if (room.state == Room::State::history && now - room.since > history_limit) history_ended(room);
        if (room.state == Room::State::catching_up && now - room.since > page_limit) archive_fails(room, "it does not answer");
        if (room.state != Room::State::in || now < room.ping_at) continue;
        if (!room.ping_id.empty()) {
            out_of(room, {Code::timeout, room.jid + " does not answer", ""});
            continue;
        }
        room.ping_id = fresh_id();
        room.ping_at = now + patience_.ping_timeout;
        out_.send(ping(room.jid + '/' + room.nick, room.ping_id));
    }
    std::vector<std::string> late;
    for (const auto& [id, p] : pending_)
        if (p.is_sent && now - p.sent > 30s) late.push_back(id);
    for (const auto& id : late) {
        const auto it = pending_.find(id);
        if (it == pending_.end()) continue;
        auto* room = room_of(it->second.delivery.id.room);
        if (!room || it->second.tries >= 3)
            refuse(id, {Code::timeout, "nobody confirmed the message in time; it may have been shown", ""});
        else if (room->state == Room::State::in)
            out_of(*room, {Code::timeout, room->jid + " does not show what we say", ""});
    }
}

}  // namespace parley::xmpp
