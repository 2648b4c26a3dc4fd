// What comes out of rooms and direct conversations: which event each message is, and which are only our own.
#include <algorithm>

#include "bridges/xmpp/markup.h"
#include "bridges/xmpp/session.h"
#include "broker/service/log.h"

namespace parley::xmpp {

namespace {

bus::Text text_of(const MessageStanza& m, std::string_view body) {
    return m.unstyled ? bus::Text(std::string(body)) : from_styled(body);
}

}  // namespace

std::string Session::native_id(const MessageStanza& m) const {
    if (!m.stanza_id.empty()) return m.stanza_id;
    if (!m.id.empty()) return m.id;
    if (!m.origin_id.empty()) return m.origin_id;
    const auto stamp = m.stamp.empty() ? service::iso8601(out_.clock.now()) : m.stamp;
    return "unnamed/" + bus::derived_id({m.from.full(), stamp, m.body.value_or("")}).text();
}

bool Session::ours(const Room& room, const MessageStanza& m) const {
    if (!m.delayed) return m.from.resource == room.nick;
    // In a room's history our nick may be somebody else's of earlier days; the id is what tells.
    return m.from.resource.starts_with(nick_) && (is_message_id(m.id) || is_message_id(m.origin_id));
}

bus::Author Session::author_of(const Room* room, const MessageStanza& m) const {
    bus::Author out;
    if (!room) {
        out = {m.from.bare, m.from.bare.substr(0, m.from.bare.find('@')), bus::Strength::account, false, {}};
        if (out.name.empty()) out.name = out.id;  // "@example" is nobody's address, and has been sent all the same
        return out;
    }
    out.name = m.from.resource.empty() ? m.from.bare : m.from.resource;  // the room itself speaks, too
    out.id = out.name;
    auto occupant_id = m.occupant_id;
    const auto it = room->occupants.find(m.from.resource);
    // Of a delayed message only the occupant id says that it is the same person who has the nick today.
    if (it != room->occupants.end() && (!m.delayed || (!occupant_id.empty() && it->second.occupant_id == occupant_id))) {
        if (!it->second.real_jid.empty()) out.id = it->second.real_jid;
        if (occupant_id.empty()) occupant_id = it->second.occupant_id;
    }
    if (out.id == out.name && !occupant_id.empty()) out.id = occupant_id;
    if (out.id != out.name) out.strength = bus::Strength::account;
    return out;
}

bus::Event Session::event(const MessageStanza& m, const Room* room) const {
    bus::Event e;
    e.time = m.delayed.value_or(out_.clock.now());
    const bool direct = m.type != "groupchat";
    e.origin.room.room = !direct ? room->jid : room ? m.from.full() : m.from.bare;
    e.origin.native_id = native_id(m);
    if (direct) e.origin.visibility = bus::Visibility::direct;
    e.author = author_of(room, m);
    return e;
}

void Session::on_message(const MessageStanza& m) {
    if (m.error) return on_error(m);
    auto* room = room_of(m.from.bare);
    if (m.type == "groupchat") {
        if (room) on_room_message(*room, m);
        return;
    }
    if (m.type == "headline" || (room && m.from.resource.empty()) || m.from.bare == own_jid_) return;
    on_content(room, m);
}

void Session::on_room_message(Room& room, const MessageStanza& m) {
    const bool is_topic = m.subject && !m.body;
    const bool is_ours = !m.from.resource.empty() && ours(room, m);
    const bool is_past = m.delayed && !is_topic && room.catch_up;
    const bool is_told = !is_past || (!room.catch_up->archive && is_news(room, m));
    if (room.state == Room::State::catching_up && !m.delayed && !is_ours) return hold(room, m);
    if (is_ours) {
        settle(room, m);
    } else if (!is_told) {
        return;
    } else if (m.delayed && room.discard_history && !is_topic) {
        const auto author = author_of(&room, m);
        if (m.body && m.replaces.empty()) memory_.add({room.jid, native_id(m), m.id, author.id, m.from.resource, 0});
    } else if (!is_topic) {
        on_content(&room, m);
    }
    if (!is_topic) return;
    on_topic(room, m);
    if (room.state == Room::State::history) history_ended(room);  // XEP-0045: the subject ends the history
}

void Session::on_topic(Room& room, const MessageStanza& m) {
    const bool changed = room.topic != m.subject;
    room.topic = m.subject;
    if (m.from.resource == room.nick && !m.delayed) {
        // Some rooms give the subject another id; it is ours all the same.
        const auto waits = std::find_if(order_.begin(), order_.end(), [&](const std::string& id) {
            const auto it = pending_.find(id);
            return it != pending_.end() && it->second.is_sent && room_of(it->second.delivery.id.room) == &room &&
                   std::holds_alternative<kit::SetTopic>(it->second.delivery.what);
        });
        if (waits != order_.end()) return answer_pending(std::string(*waits), native_id(m));
    }
    if (!changed || (room.state != Room::State::in && m.subject->empty()) || ours(room, m)) return;
    auto e = event(m, &room);
    // Seen again after each join: the same topic must give the same id.
    e.origin.native_id = "topic/" + bus::derived_id({room.jid, *m.subject, m.stamp}).text();
    e.body = bus::Topic{bus::Text(*m.subject)};
    out_.host.received(std::move(e));
}

// A message is remembered after it was told: a death between the two tells it again, under the same id.
void Session::on_content(Room* room, const MessageStanza& m) {
    auto e = event(m, room);
    const auto name = e.origin.room.room;
    const auto resolve = [&](const std::string& id) {
        auto found = memory_.by_native_id(name, id);
        return found ? found : memory_.by_message_id(name, id);
    };
    const auto theirs = [&](const Memory::Message& target) { return target.author_id == e.author.id || target.nick == e.author.name; };
    // A room's history brings corrections and reactions again: counted twice they would be new revisions and old sets.
    const bool changes_another = !m.replaces.empty() || !m.reacts_to.empty();
    if (changes_another && memory_.by_native_id(name, e.origin.native_id)) return;
    if (!m.retracts.empty()) {
        const auto target = resolve(m.retracts);
        const bool by_room = m.from.resource.empty() && m.type == "groupchat";
        if (!target || (!theirs(*target) && !by_room)) {
            service::log::info("a retraction of nothing of theirs was ignored", {{"room", name}, {"from", m.from.full()}});
            return;
        }
        e.body = bus::Redaction{{{}, target->native_id}, {}};
        return out_.host.received(std::move(e));
    }
    if (!m.reacts_to.empty()) {
        on_reactions(room, m, name);
        return memory_.add({name, e.origin.native_id, {}, e.author.id, e.author.name, 0});
    }
    if (!m.body || (m.body->empty() && m.url.empty())) return;
    if (!m.replaces.empty()) {
        const auto target = memory_.by_message_id(name, m.replaces);
        if (target && theirs(*target)) {
            const Memory::Message correction{name, e.origin.native_id, {}, e.author.id, e.author.name, 0};
            e.body = bus::Edit{{{}, target->native_id}, target->revision + 1, text_of(m, *m.body)};
            out_.host.received(std::move(e));
            return memory_.corrected(*target, correction);
        }
        // A correction of something that we do not know is said as something new: nothing is lost.
    }
    bus::Message message;
    std::string_view body = *m.body;
    if (body.starts_with("/me ")) {
        message.style = bus::Message::Style::action;
        body.remove_prefix(4);
    }
    message.text = text_of(m, body);
    if (!m.url.empty()) {
        if (message.text.plain == m.url) message.text = {};
        message.attachments.push_back({m.url.substr(m.url.rfind('/') + 1), {}, m.url, 0});
    }
    if (!m.reply_to.empty()) {
        const auto target = resolve(m.reply_to);
        message.reply_to.native_id = target ? target->native_id : m.reply_to;
    }
    const Memory::Message said{name, e.origin.native_id, m.id, e.author.id, e.author.name, 0};
    e.body = std::move(message);
    out_.host.received(std::move(e));
    memory_.add(said);
}

// A person's reactions come as the whole set that stands now; the bus speaks of what changed.
void Session::on_reactions(Room* room, const MessageStanza& m, const std::string& name) {
    const auto base = event(m, room);
    auto target = memory_.by_native_id(name, m.reacts_to);
    if (!target) target = memory_.by_message_id(name, m.reacts_to);
    const auto id = target ? target->native_id : m.reacts_to;
    const auto known = memory_.reactions(name, id, base.author.id);
    const auto tell = [&](const std::string& emoji, bool added) {
        auto e = base;
        e.origin.native_id += (added ? "+" : "-") + emoji;  // several changes in one stanza are several events
        e.body = bus::Reaction{{{}, id}, emoji, added};
        out_.host.received(std::move(e));
    };
    const auto has = [](const std::vector<std::string>& set, const std::string& one) {
        return std::find(set.begin(), set.end(), one) != set.end();
    };
    for (const auto& emoji : known)
        if (!has(m.reactions, emoji)) tell(emoji, false);
    for (const auto& emoji : m.reactions)
        if (!has(known, emoji)) tell(emoji, true);
    memory_.react(name, id, base.author.id, m.reactions);
}

void Session::on_error(const MessageStanza& m) {
    const auto it = pending_.find(m.id);
    if (it == pending_.end() || it->second.from_before) return;
    auto* room = room_of(m.from.bare);
    const auto& condition = m.error->condition;
    if (room && parse_jid(it->second.delivery.id.room).resource.empty() && (condition == "not-acceptable" || condition == "item-not-found")) {
        if (room->state == Room::State::in) out_of(*room, {service::Code::unavailable, "we are no longer in " + room->jid, ""});
        return;
    }
    const auto code = m.error->type == "auth" || condition == "forbidden" || condition == "not-allowed" ? service::Code::denied
                                                                                                      : service::Code::invalid;
    refuse(m.id, {code, "refused by " + m.from.bare + ": " + m.error->words(), ""});
}

}  // namespace parley::xmpp
