// What each line means; see session.h.
#include "bridges/irc/session.h"

#include <algorithm>

#include "bridges/irc/author.h"
#include "bridges/irc/markup.h"

namespace parley::irc {

using service::Code;

namespace {

constexpr std::chrono::seconds regain_every{60};
constexpr std::chrono::seconds ctcp_window{10};
constexpr unsigned ctcp_answers_max = 3;  // in one window: others must not make us flood
constexpr std::size_t ctcp_argument_max = 100;
constexpr std::size_t user_bytes_max = 12, host_bytes_max = 64;  // the worst that servers in use allow

std::string base36(std::uint64_t value) {
    std::string out;
    do out.insert(out.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36]);
    while ((value /= 36) > 0);
    return out;
}

std::string born_text(service::Time time) {
    return base36(static_cast<std::uint64_t>(time.time_since_epoch().count() / 1000));
}

}  // namespace

Session::Session(const Settings& settings, std::vector<std::string> rooms, Now born)
    : settings_(settings),
      born_(born_text(born.time)),
      now_(born),
      registration_(settings),
      rooms_(settings, isupport_, std::move(rooms),
             [this](const Line& line, const std::string& room) { return event(line, room); }),
      nick_(settings.nick) {}

Effects Session::start() {
    Effects out;
    registration_.start(out);
    return out;
}

std::optional<service::Steady> Session::due() const {
    auto first = rooms_.due();
    if (regain_at_ && (!first || *regain_at_ < *first)) first = regain_at_;
    return first;
}

Effects Session::tick(Now now) {
    Effects out;
    now_ = now;
    if (!up_) return out;
    rooms_.tick(now.steady, out);
    if (regain_at_ && *regain_at_ <= now.steady) regain(now, out);
    return out;
}

Effects Session::receive(const Line& line, Now now) {
    Effects out;
    now_ = now;
    if (line.command == "PING") {
        out.push_back(send("PONG", {std::string(line.last())}));
    } else if (line.command == "PONG" || line.command == "ACK" || line.command == "FAIL") {
        out.push_back(Answer{line});
    } else if (line.command == "ERROR") {
        out.push_back(Fail{{Code::unavailable, "the server ended the connection: " + to_text(line.last()).plain, ""}});
    } else if (line.command == "CAP") {
        registration_.cap(line, out);
    } else if (line.command == "AUTHENTICATE") {
        registration_.authenticate(line, out);
    } else if (line.command.size() == 3 && line.command[0] >= '0' && line.command[0] <= '9') {
        numeric(line, now, out);
    } else {
        conversation(line, now, out);
    }
    return out;
}

void Session::numeric(const Line& line, Now now, Effects& out) {
    if (registration_.numeric(line, out)) return;
    const auto& code = line.command;
    if (code == "001") return welcome(line, out);
    if (code == "376" || code == "422") return end_of_greeting(now, out);
    if (code == "005") {
        for (std::size_t i = 1; i + 1 < line.params.size(); ++i) isupport_.apply(line.params[i]);
        return;
    }
    if (code == "396" && line.params.size() >= 2) {  // our host was hidden
        const auto at = user_host_.find('@');
        if (at != std::string::npos && line.param(1).find('@') == std::string_view::npos)
            user_host_ = user_host_.substr(0, at + 1) + std::string(line.param(1));
        return;
    }
    if (!up_) return;
    rooms_.heard(line, nick_, now.steady, out);
    if (code[0] == '4' || code[0] == '5') out.push_back(Answer{line});
}

void Session::welcome(const Line& line, Effects&) {
    welcomed_ = true;
    nick_ = line.param(0);
    registration_.welcomed();
}

void Session::end_of_greeting(Now now, Effects& out) {
    if (!welcomed_ || up_) return;
    up_ = true;
    out.push_back(Up{});
    if (!registration_.signed_in() && !settings_.nickserv_password.empty())
        out.push_back(send("PRIVMSG", {"NickServ", "IDENTIFY " + settings_.nickserv_password}));
    if (!isupport_.same(nick_, settings_.nick)) regain_at_ = now.steady + regain_every;
    rooms_.join_all(out);
}

void Session::regain(Now now, Effects& out) {
    regain_at_.reset();
    if (isupport_.same(nick_, settings_.nick)) return;
    out.push_back(send("NICK", {settings_.nick}));
    regain_at_ = now.steady + regain_every;
}

void Session::conversation(const Line& line, Now now, Effects& out) {
    if (line.nick().empty()) return;  // nobody: not even ":!user@host" is anybody
    if (line.command == "PRIVMSG" || line.command == "NOTICE") return said(line, now, out);
    if (line.command == "NICK") return renamed(line, now, out);
    if (line.command == "CHGHOST" && ours(line) && line.params.size() >= 2) {
        user_host_ = line.params[0] + "@" + line.params[1];
        return;
    }
    if (!up_) return;
    if (line.command == "JOIN" && ours(line)) learn_ourselves(line);
    rooms_.heard(line, nick_, now.steady, out);
    if (line.command == "TOPIC" && ours(line)) out.push_back(Answer{line});
    // The nick that we want has become free.
    if (line.command == "QUIT" && regain_at_ && isupport_.same(line.nick(), settings_.nick)) regain(now, out);
}

void Session::renamed(const Line& line, Now now, Effects& out) {
    const bool us = ours(line);
    if (us) nick_ = line.param(0);
    // Rooms see our change too, under the new name: nobody is told, the member list follows.
    rooms_.heard(line, nick_, now.steady, out);
    if (us && isupport_.same(nick_, settings_.nick)) regain_at_.reset();
    if (!us && regain_at_ && isupport_.same(line.nick(), settings_.nick)) regain(now, out);
}

void Session::said(const Line& line, Now now, Effects& out) {
    if (!up_ || line.params.size() < 2) return;
    if (ours(line)) {
        learn_ourselves(line);
        if (!line.tag("batch")) out.push_back(Answer{line});  // an echo; in a batch it is old history
        return;
    }
    if (!line.from_person()) return;  // servers' notices are not talk
    auto target = line.param(0);
    const auto symbols = isupport_.status_message;
    if (!target.empty() && symbols.find(target[0]) != std::string::npos && isupport_.is_channel(target.substr(1)))
        target.remove_prefix(1);
    const bool in_channel = isupport_.is_channel(target);
    if (in_channel && !rooms_.knows(target)) return;
    if (!in_channel && !isupport_.same(target, nick_)) return;
    const auto query = parse_ctcp(line.params[1]);
    if (query && query->command != "ACTION") return ctcp(line, *query, now, out);

    auto heard = event(line, in_channel ? rooms_.spelled(target) : to_utf8(line.nick()));
    if (!in_channel) heard.origin.visibility = bus::Visibility::direct;
    bus::Message message;
    message.text = to_text(query ? query->argument : line.params[1]);
    message.style = query                      ? bus::Message::Style::action
                    : line.command == "NOTICE" ? bus::Message::Style::notice
                                               : bus::Message::Style::plain;
    heard.body = std::move(message);
    out.push_back(Heard{std::move(heard)});
}

void Session::ctcp(const Line& line, const Ctcp& ask, Now now, Effects& out) {
    if (line.command != "PRIVMSG") return;  // an answer: never answered
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

void Session::learn_ourselves(const Line& line) {
    const auto mark = line.source.find('!');
    if (mark != std::string::npos) user_host_ = line.source.substr(mark + 1);
}

std::size_t Session::text_max(std::size_t target_bytes) const {
    const std::size_t nick = std::max({nick_.size(), settings_.nick.size(), isupport_.nick_length});
    const std::size_t who = user_host_.empty() ? user_bytes_max + 1 + host_bytes_max : user_host_.size();
    // ":nick!user@host PRIVMSG target :" text CR LF
    const std::size_t around = 1 + nick + 1 + who + 1 + 8 + target_bytes + 2 + 2;
    return isupport_.line_length > around + 64 ? isupport_.line_length - around : 64;
}

bus::Event Session::event(const Line& line, const std::string& room) {
    bus::Event out;
    out.origin.room.room = room;
    const auto id = line.tag("msgid");
    out.origin.native_id = id && !id->empty() ? to_utf8(*id) : born_ + "-" + base36(++counter_);
    const auto when = line.tag("time");
    const auto time = when ? service::parse_iso8601(*when) : std::nullopt;
    out.time = time.value_or(now_.time);
    out.author = author_of(isupport_, line.nick(), has("account-tag") ? line.tag("account").value_or("") : "");
    if (line.tag("bot")) out.author.bot = true;
    return out;
}

}  // namespace parley::irc
