// What people say: messages, replies, reactions, what is taken back, and the questions that clients ask each other
// (CTCP).
#include <algorithm>

#include "bridges/irc/author.h"
#include "bridges/irc/markup.h"
#include "bridges/irc/session.h"

namespace parley::irc {

namespace {

constexpr std::chrono::seconds ctcp_window{10};
constexpr unsigned ctcp_answers_max = 3;  // in one window: others must not make us flood
constexpr std::size_t ctcp_argument_max = 100;
constexpr std::size_t emoji_bytes_max = 64;

std::string base36(std::uint64_t value) {
    std::string out;
    do out.insert(out.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36]);
    while ((value /= 36) > 0);
    return out;
}

// IRCv3 client-only tags: https://ircv3.net/specs/client-tags/reply and …/react.
std::string replied_to(const Line& line) {
    for (const auto* name : {"+draft/reply", "+reply"})
        if (const auto id = line.tag(name)) return to_utf8(*id);
    return {};
}

}  // namespace

// The room that a line is for, as the settings write it; a conversation's room is the other's nick. Nothing: not for
// us.
std::optional<std::string> Session::room_of(const Line& line, bool& direct) const {
    auto target = line.param(0);
    const auto& symbols = isupport_.status_message;
    if (!target.empty() && symbols.find(target[0]) != std::string::npos && isupport_.is_channel(target.substr(1)))
        target.remove_prefix(1);
    direct = !isupport_.is_channel(target);
    if (direct) return isupport_.same(target, nick_) ? std::optional(to_utf8(line.nick())) : std::nullopt;
    if (!rooms_.knows(target)) return std::nullopt;
    return rooms_.spelled(target);
}

std::optional<bus::Event> Session::event_in_room(const Line& line) {
    bool direct = false;
    const auto room = room_of(line, direct);
    if (!room) return std::nullopt;
    auto out = event(line, *room);
    if (direct) out.origin.visibility = bus::Visibility::direct;
    return out;
}

// An earlier connection of ours that the server has not given up: what a slow network held of it may still be said, by a nick
// that we could have had, from our own address.
bool Session::from_before(const Line& line) const {
    const auto mark = line.source.find('!');
    if (user_host_.empty() || mark == std::string::npos || line.source.substr(mark + 1) != user_host_) return false;
    const auto nicks = nicks_like(settings_.nick);
    return std::any_of(nicks.begin(), nicks.end(), [&](const auto& nick) { return isupport_.same(line.nick(), nick); });
}

void Session::said(const Line& line, Now now, Effects& out) {
    if (!up_ || line.params.empty() || (line.command != "TAGMSG" && line.params.size() < 2)) return;
    if (ours(line)) {
        learn_ourselves(line);
        if (!line.tag("batch")) out.push_back(Answer{line});  // an echo; in a batch it is old history
        if (line.command != "TAGMSG") history_.ours(rooms_.spelled(line.param(0)), line);
        return;
    }
    if (!line.from_person()) return;  // servers' notices are not talk
    if (from_before(line)) {
        if (line.command != "TAGMSG") history_.ours(rooms_.spelled(line.param(0)), line);
        return;
    }
    if (line.command == "TAGMSG") return reacted(line, out);
    if (line.command == "REDACT") return redacted(line, out);
    const auto query = parse_ctcp(line.params[1]);
    bool direct = false;
    if (query && query->command != "ACTION") {
        if (room_of(line, direct)) ctcp(line, *query, now, out);
        return;
    }
    auto heard = event_in_room(line);
    if (!heard) return;
    bus::Message message;
    message.text = to_text(query ? query->argument : line.params[1]);
    message.style = query                      ? bus::Message::Style::action
                    : line.command == "NOTICE" ? bus::Message::Style::notice
                                               : bus::Message::Style::plain;
    message.reply_to.native_id = replied_to(line);
    heard->body = std::move(message);
    out.push_back(Heard{std::move(*heard)});
}

// Other tags without a message, such as typing, are passed over.
void Session::reacted(const Line& line, Effects& out) {
    const auto on = line.tag("+draft/react"), off = line.tag("+draft/unreact");
    const auto emoji = on ? on : off;
    const auto target = replied_to(line);
    if (!emoji || emoji->empty() || emoji->size() > emoji_bytes_max || target.empty()) return;
    auto heard = event_in_room(line);
    if (!heard) return;
    heard->body = bus::Reaction{{{}, target}, to_text(*emoji).plain, on.has_value()};
    out.push_back(Heard{std::move(*heard)});
}

// REDACT #room msgid :reason, of draft/message-redaction. It has no id of its own: what it takes back is taken back
// once.
void Session::redacted(const Line& line, Effects& out) {
    auto heard = event_in_room(line);
    if (!heard || line.param(1).empty()) return;
    const auto target = to_utf8(line.param(1));
    heard->origin.native_id = target;
    heard->body = bus::Redaction{{{}, target}, line.params.size() > 2 ? to_text(line.param(2)).plain : std::string()};
    out.push_back(Heard{std::move(*heard)});
}

void Session::ctcp(const Line& line, const Ctcp& ask, Now now, Effects& out) {
    if (line.command != "PRIVMSG") return;  // an answer: never answered
    if (history_.holds_line(line)) return;  // asked long ago
    if (now.steady - ctcp_window_ > ctcp_window) ctcp_window_ = now.steady, ctcp_answered_ = 0;
    std::string answer;
    if (ask.command == "VERSION")
        answer = "Parley " PARLEY_VERSION;
    else if (ask.command == "PING")
        answer = ask.argument.substr(0, ctcp_argument_max);
    else
        return;
    if (ctcp_answered_++ >= ctcp_answers_max) return;
    out.push_back(send("NOTICE", {std::string(line.nick()), format_ctcp(ask.command, answer)}));
}

bus::Event Session::event(const Line& line, const std::string& room) {
    bus::Event out;
    out.origin.room.room = room;
    const auto id = line.tag("msgid");
    if (id && !id->empty()) {
        out.origin.native_id = to_utf8(*id);
    } else {
        out.origin.native_id = born_ + "-" + base36(line_);
        if (of_line_++ > 0) out.origin.native_id += "." + base36(of_line_);
    }
    const auto when = line.tag("time");
    const auto time = when ? service::parse_iso8601(*when) : std::nullopt;
    out.time = time.value_or(now_.time);
    out.author = author_of(isupport_, line.nick(), has("account-tag") ? line.tag("account").value_or("") : "");
    if (line.tag("bot")) out.author.bot = true;
    return out;
}

}  // namespace parley::irc
