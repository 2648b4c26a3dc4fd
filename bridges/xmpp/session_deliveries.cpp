// What we say, and how we know that it arrived: a room shows it to us as to everyone, under the id that we gave it.
#include <algorithm>

#include "bridges/xmpp/markup.h"
#include "bridges/xmpp/session.h"

namespace parley::xmpp {

using service::Code;
using service::Error;

namespace {

constexpr std::string_view prefix = "parley-";
constexpr std::size_t settled_max = CatchUp::messages_max;  // what one catching up can show

template <class... F>
struct Overload : F... {
    using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;  // clang 14 does not find it by itself

kit::Delivery marked(kit::Delivery delivery) {
    auto& say = std::get<kit::Say>(delivery.what);
    say.text = bus::Text(std::string(kit::doubt_mark)).append(say.text);
    return delivery;
}

}  // namespace

std::string Session::message_id(const kit::DeliveryId& id) {
    const auto part = std::to_string(id.part);
    return std::string(prefix) + bus::derived_id({"xmpp message", id.event.view(), id.room, part}).text();
}

bool Session::is_message_id(std::string_view id) { return id.starts_with(prefix) && id.size() == prefix.size() + 26; }

To Session::to(const std::string& room) {
    const auto jid = parse_jid(room);
    const auto known = rooms_.find(jid.bare);
    if (known == rooms_.end()) return {jid.full(), false};
    if (!jid.resource.empty()) return {jid.full(), false, true};
    return {jid.full(), true, false, known->second.keeps_ids};
}

std::optional<Element> Session::encode(const kit::Delivery& d, const std::string& id, Error& why_not) {
    const auto where = to(d.id.room);
    const auto own_id = [&](const std::string& native_id) {
        const auto known = memory_.by_native_id(d.id.room, native_id);
        return known && !known->message_id.empty() ? known->message_id : native_id;
    };
    auto out = std::visit(
        Overload{
            [&](const kit::Say& s) {
                auto [body, unstyled] = to_styled(s.text);
                if (s.style == bus::Message::Style::action) body.insert(0, "/me ");
                auto message = say(where, id, body, unstyled);
                const auto author = s.reply_to_author.empty() || !where.room ? std::string() : where.jid + '/' + s.reply_to_author;
                if (!s.reply_to.empty()) add_reply(message, s.reply_to, author);
                return message;
            },
            [&](const kit::Correct& c) {
                const auto [body, unstyled] = to_styled(c.text);
                return correct(where, id, own_id(c.native_id), body, unstyled);
            },
            // A room knows its messages by its own ids; a person knows ours by the id that we gave.
            [&](const kit::Retract& r) { return retract(where, id, r.native_id); },
            [&](const kit::React& r) {
                auto emojis = r.emojis;
                if (emojis.size() > reactions_max) emojis.resize(reactions_max);
                return react(where, id, r.native_id, emojis);
            },
            [&](const kit::SetTopic& t) { return topic(where.jid, id, t.text.plain); },
        },
        d.what);
    if (std::holds_alternative<kit::SetTopic>(d.what) && !where.room) {
        why_not = {Code::unsupported, "a direct conversation has no topic", ""};
        return std::nullopt;
    }
    if (to_xml(out).size() > stanza_bytes_max) {
        why_not = {Code::limit, "the message is larger than a server must take (60 KiB)", ""};
        return std::nullopt;
    }
    return out;
}

void Session::doubted(const kit::DeliveryId& id) { doubted_.emplace(message_id(id), id); }

void Session::deliver(const kit::Delivery& d) {
    const auto id = message_id(d.id);
    doubted_.erase(id);
    // Shown in an earlier life of ours, which ended before the answer was written down?
    const auto said = d.in_doubt ? memory_.by_message_id(d.id.room, id) : std::nullopt;
    if (said && said->author_id == own_jid_) settled(id, said->native_id);
    if (const auto shown = settled_.find(id); shown != settled_.end()) {
        const auto native = shown->second;
        pending_.erase(id);
        std::erase(order_, id);
        return out_.host.delivered(d.id, {native});
    }
    auto it = pending_.find(id);
    // Neither a history nor a stream that goes on tells whether it was said.
    const auto* room = room_of(d.id.room);
    const bool in_room = room && parse_jid(d.id.room).resource.empty();
    const bool carried = it != pending_.end() && it->second.is_sent;
    const bool in_doubt = d.in_doubt && !carried && std::holds_alternative<kit::Say>(d.what) && (!in_room || room->may_lack);
    if (in_doubt && d.hold_in_doubt) {
        pending_.erase(id);
        std::erase(order_, id);
        return out_.host.refused(d.id, kit::not_known());
    }
    if (in_doubt && it != pending_.end()) it->second.delivery = marked(d);
    if (it == pending_.end()) {
        it = pending_.emplace(id, Pending{in_doubt ? marked(d) : d, id}).first;
        order_.push_back(id);
    } else if (!it->second.from_before) {
        return;  // handed to us twice: it is answered once
    }
    it->second.from_before = false;
    if (it->second.is_sent) return;  // in a session that was resumed: the room will show it
    if (up_ && (!in_room || (room->state == Room::State::in && !room->settling))) send_pending(it->second);
}

void Session::send_pending(Pending& p) {
    Error why_not;
    const auto stanza = encode(p.delivery, p.id, why_not);
    if (!stanza) return refuse(std::string(p.id), why_not);
    p.is_sent = true;
    p.sent = out_.clock.steady();
    ++p.tries;
    out_.send(*stanza);
    // Nobody shows a direct message to us. A server works in order, so its answer to what follows says that it has
    // taken the message.
    if ((*stanza)["type"] == "chat") out_.send(ping(domain_, "c-" + p.id));
}

void Session::settle(Room& room, const MessageStanza& m) {
    const auto& id = is_message_id(m.origin_id) ? m.origin_id : m.id;
    if (!is_message_id(id)) return;
    if (!m.delayed) room.keeps_ids = m.id == id;
    const auto native = native_id(m);
    if (m.body && m.replaces.empty() && m.retracts.empty()) memory_.add({room.jid, native, m.id, own_jid_, m.from.resource, 0});
    answer_pending(id, native);
}

void Session::settled(const std::string& id, const std::string& native) {
    if (!settled_.emplace(id, native).second) return;
    settled_order_.push_back(id);
    if (settled_order_.size() <= settled_max) return;
    settled_.erase(settled_order_.front());
    settled_order_.pop_front();
}

void Session::answer_pending(const std::string& id, const std::string& native) {
    settled(id, native);
    const auto it = pending_.find(id);
    if (it == pending_.end()) {
        if (const auto before = doubted_.extract(id); !before.empty()) out_.host.known_as(before.mapped(), native);
        return;
    }
    const auto p = it->second;
    pending_.erase(it);
    std::erase(order_, p.id);
    if (p.from_before) return out_.host.known_as(p.delivery.id, native);
    out_.host.delivered(p.delivery.id, {native});
}

void Session::refuse(const std::string& id, const Error& reason) {
    const auto it = pending_.find(id);
    if (it == pending_.end()) return;
    const auto p = it->second;
    pending_.erase(it);
    std::erase(order_, p.id);
    out_.host.refused(p.delivery.id, reason);
}

}  // namespace parley::xmpp
