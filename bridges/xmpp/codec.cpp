// Each extension is named beside the field in codec.h.
#include "bridges/xmpp/codec.h"

#include <algorithm>
#include <charconv>

#include "broker/service/unicode.h"

namespace parley::xmpp {

namespace {

constexpr std::string_view muc_user = "http://jabber.org/protocol/muc#user";
constexpr std::string_view fallback_ns = "urn:xmpp:fallback:0";
constexpr std::string_view reply_ns = "urn:xmpp:reply:0";

std::size_t number(const std::string& text, std::size_t otherwise) {
    std::size_t out = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

// The byte where the n-th code point begins; the end if there are fewer.
std::size_t byte_of(std::string_view text, std::size_t code_point) {
    std::size_t at = 0;
    for (; code_point > 0 && at < text.size(); --code_point) at = service::unicode::decode(text, at).next;
    return at;
}

// Takes out of the body what is there only for clients without replies.
std::string without_fallback(const Element& stanza, std::string body) {
    for (const auto& e : stanza.children) {
        if (e.name != "fallback" || e.ns != fallback_ns || e["for"] != reply_ns) continue;
        const auto* part = e.child("body");
        if (!part) continue;
        const auto begin = byte_of(body, number((*part)["start"], 0));
        const auto end = byte_of(body, number((*part)["end"], body.size()));
        if (begin < end) body.erase(begin, end - begin);
        break;
    }
    return body;
}

Element message(const To& to, const std::string& id) {
    auto out = element("message");
    out.set("to", to.jid).set("type", to.room ? "groupchat" : "chat").set("id", id);
    if (to.through_room) out.add(element("x", std::string(muc_user)));
    return out;
}

void add_body(Element& out, const To& to, const std::string& id, const std::string& body, bool unstyled) {
    out.add(element("body").say(body));
    if (!to.keeps_ids) out.add(element("origin-id", "urn:xmpp:sid:0").set("id", id));
    if (unstyled) out.add(element("unstyled", "urn:xmpp:styling:0"));
}

void add_store_hint(Element& out) { out.add(element("store", "urn:xmpp:hints")); }

std::string lower(std::string text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

}  // namespace

Jid parse_jid(std::string_view text) {
    const auto slash = text.find('/');
    Jid out;
    out.bare = lower(std::string(text.substr(0, slash)));
    if (slash != std::string_view::npos) out.resource = text.substr(slash + 1);
    return out;
}

std::string Jid::domain() const {
    const auto at = bare.find('@');
    return at == std::string::npos ? bare : bare.substr(at + 1);
}

std::string StanzaError::words() const { return text.empty() ? condition : condition + ": " + text; }

std::optional<StanzaError> read_error(const Element& stanza) {
    if (stanza["type"] != "error") return std::nullopt;
    StanzaError out;
    out.condition = "undefined-condition";
    if (const auto* e = stanza.child("error")) {
        out.type = (*e)["type"];
        for (const auto& c : e->children) {
            if (c.name == "text")
                out.text = c.text;
            else if (c.ns == "urn:ietf:params:xml:ns:xmpp-stanzas")
                out.condition = c.name;
        }
    }
    return out;
}

std::optional<MessageStanza> read_message(const Element& s) {
    if (s.name != "message") return std::nullopt;
    MessageStanza out;
    out.type = s["type"].empty() ? "normal" : s["type"];
    out.from = parse_jid(s["from"]);
    if (out.from.bare.empty()) return std::nullopt;
    out.id = s["id"];
    out.error = read_error(s);
    for (const auto& e : s.children) {
        if (e.name == "body" && !out.body)
            out.body = without_fallback(s, service::unicode::repaired(e.text));
        else if (e.name == "subject" && !out.subject)
            out.subject = service::unicode::repaired(e.text);
        else if (e.name == "origin-id" && e.ns == "urn:xmpp:sid:0")
            out.origin_id = e["id"];
        else if (e.name == "stanza-id" && e.ns == "urn:xmpp:sid:0" && parse_jid(e["by"]).bare == out.from.bare)
            out.stanza_id = e["id"];
        else if (e.name == "occupant-id" && e.ns == "urn:xmpp:occupant-id:0")
            out.occupant_id = e["id"];
        else if (e.name == "replace" && e.ns == "urn:xmpp:message-correct:0")
            out.replaces = e["id"];
        else if (e.name == "retract" && e.ns == "urn:xmpp:message-retract:1")
            out.retracts = e["id"];
        else if (e.name == "apply-to" && e.ns == "urn:xmpp:fasten:0" && e.child("retract"))
            out.retracts = e["id"];
        else if (e.name == "reply" && e.ns == reply_ns)
            out.reply_to = e["id"];
        else if (e.name == "unstyled" && e.ns == "urn:xmpp:styling:0")
            out.unstyled = true;
        else if (e.name == "x" && e.ns == "jabber:x:oob")
            out.url = e.child_text("url");
        else if (e.name == "x" && e.ns == muc_user)
            out.private_in_room = true;
        else if (e.name == "delay" && e.ns == "urn:xmpp:delay") {
            out.stamp = e["stamp"];
            out.delayed = service::parse_iso8601(out.stamp);
        } else if (e.name == "reactions" && e.ns == "urn:xmpp:reactions:0") {
            out.reacts_to = e["id"];
            for (const auto& r : e.children) {
                if (r.name != "reaction" || r.text.empty() || r.text.size() > 64 || out.reactions.size() >= reactions_max) continue;
                if (!service::unicode::valid(r.text) || r.text.find_first_of(" \t\r\n") != std::string::npos) continue;
                if (std::find(out.reactions.begin(), out.reactions.end(), r.text) == out.reactions.end()) out.reactions.push_back(r.text);
            }
        }
    }
    return out;
}

std::optional<PresenceStanza> read_presence(const Element& s) {
    if (s.name != "presence") return std::nullopt;
    PresenceStanza out;
    out.type = s["type"];
    out.from = parse_jid(s["from"]);
    if (out.from.bare.empty()) return std::nullopt;
    out.id = s["id"];
    out.error = read_error(s);
    if (const auto* o = s.child("occupant-id", "urn:xmpp:occupant-id:0")) out.occupant_id = (*o)["id"];
    const auto* x = s.child("x", muc_user);
    if (!x) return out;
    out.room = true;
    for (const auto& e : x->children) {
        if (e.name == "status") {
            out.status.insert(static_cast<int>(number(e["code"], 0) % 1000));
        } else if (e.name == "item") {
            out.affiliation = e["affiliation"];
            out.role = e["role"];
            out.real_jid = parse_jid(e["jid"]).bare;
            out.new_nick = e["nick"];
            out.reason = e.child_text("reason");
            if (const auto* actor = e.child("actor")) out.actor = (*actor)["nick"];
        } else if (e.name == "destroy") {
            out.destroyed = true;
            out.reason = e.child_text("reason");
        }
    }
    return out;
}

Element join(const std::string& room, const std::string& nick, const History& history) {
    auto limits = element("history");
    if (history.since) limits.set("since", service::iso8601(*history.since));
    if (history.stanzas_max) limits.set("maxstanzas", std::to_string(*history.stanzas_max));
    auto x = element("x", "http://jabber.org/protocol/muc");
    x.add(limits);
    auto out = element("presence");
    out.set("to", room + '/' + nick).add(x);
    return out;
}

Element leave(const std::string& room, const std::string& nick) {
    return element("presence").set("to", room + '/' + nick).set("type", "unavailable");
}

Element say(const To& to, const std::string& id, const std::string& body, bool unstyled) {
    auto out = message(to, id);
    add_body(out, to, id, body, unstyled);
    return out;
}

Element correct(const To& to, const std::string& id, const std::string& original, const std::string& body, bool unstyled) {
    auto out = say(to, id, body, unstyled);
    out.add(element("replace", "urn:xmpp:message-correct:0").set("id", original));
    return out;
}

Element retract(const To& to, const std::string& id, const std::string& target) {
    auto out = message(to, id);
    add_body(out, to, id, "/me took back an earlier message, which this client cannot remove", true);
    out.add(element("retract", "urn:xmpp:message-retract:1").set("id", target));
    out.add(element("fallback", std::string(fallback_ns)).set("for", "urn:xmpp:message-retract:1"));
    add_store_hint(out);
    return out;
}

Element react(const To& to, const std::string& id, const std::string& target, const std::vector<std::string>& emojis) {
    auto out = message(to, id);
    auto set = element("reactions", "urn:xmpp:reactions:0").set("id", target);
    for (const auto& emoji : emojis) set.add(element("reaction").say(emoji));
    out.add(set);
    add_store_hint(out);
    return out;
}

Element topic(const std::string& room, const std::string& id, const std::string& subject) {
    auto out = message({room}, id);
    out.add(element("subject").say(subject));
    return out;
}

void add_reply(Element& message, const std::string& target, const std::string& author) {
    auto reply = element("reply", std::string(reply_ns)).set("id", target);
    if (!author.empty()) reply.set("to", author);
    message.add(reply);
}

Element ping(const std::string& to, const std::string& id) {
    return element("iq").set("to", to).set("type", "get").set("id", id).add(element("ping", "urn:xmpp:ping"));
}

Element open_new_room(const std::string& room, const std::string& id) {
    auto query = element("query", "http://jabber.org/protocol/muc#owner");
    query.add(element("x", "jabber:x:data").set("type", "submit"));
    return element("iq").set("to", room).set("type", "set").set("id", id).add(query);
}

std::optional<Element> answer(const Element& iq) {
    if (iq.name != "iq" || (iq["type"] != "get" && iq["type"] != "set")) return std::nullopt;
    auto out = element("iq");
    if (!iq["from"].empty()) out.set("to", iq["from"]);
    out.set("id", iq["id"]);
    if (iq["type"] == "get" && iq.child("ping", "urn:xmpp:ping")) return out.set("type", "result");
    if (iq["type"] == "get" && iq.child("query", "http://jabber.org/protocol/disco#info")) {
        auto query = element("query", "http://jabber.org/protocol/disco#info");
        query.add(element("identity").set("category", "client").set("type", "bot").set("name", "Parley"));
        for (const auto* feature : {"http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/muc", "urn:xmpp:ping",
                                    "urn:xmpp:message-correct:0", "urn:xmpp:message-retract:1", "urn:xmpp:reactions:0",
                                    "urn:xmpp:reply:0", "urn:xmpp:styling:0"})
            query.add(element("feature").set("var", feature));
        return out.set("type", "result").add(query);
    }
    auto error = element("error").set("type", "cancel");
    error.add(element("service-unavailable", "urn:ietf:params:xml:ns:xmpp-stanzas"));
    return out.set("type", "error").add(error);
}

}  // namespace parley::xmpp
