// What each line means; see session.h. What people say is in session_talk.cpp.
#include "bridges/irc/session.h"

#include <algorithm>

#include "bridges/irc/markup.h"
#include "bridges/kit/split.h"

namespace parley::irc {

using service::Code;

namespace {

constexpr std::chrono::seconds regain_every{60};
constexpr std::chrono::seconds identify_within{10};
constexpr std::chrono::seconds register_within{40};  // servers give up after 30 to 60 themselves, with fewer words
constexpr std::string_view nickserv = "NickServ";
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
      register_by_(born.steady + register_within),
      now_(born),
      registration_(settings),
      rooms_(settings, isupport_, std::move(rooms),
             [this](const Line& line, const std::string& room) { return event(line, room); }),
      history_(settings, isupport_),
      nick_(settings.nick) {}

Effects Session::start() {
    Effects out;
    registration_.start(out);
    return out;
}

void Session::named(service::Time connection) { born_ = born_text(connection); }

Effects Session::resume(const std::vector<Line>& lines, Now now) {
    Effects told, out;
    resuming_ = true;
    for (const auto& line : lines) {
        for (auto& effect : receive(line, now)) {
            // A room that the settings name no more.
            const auto* send = std::get_if<Send>(&effect);
            if (send != nullptr && send->line.command == "PART") told.push_back(std::move(effect));
        }
    }
    resuming_ = false;
    if (!up_) {
        out.push_back(Fail{{Code::invalid, "what the keeper knows of the connection is not enough to go on with it",
                            "it is made again"}});
        return out;
    }
    out.push_back(Up{});
    rooms_.tell_kept(out);
    for (auto& part : told) out.push_back(std::move(part));
    if (!registration_.signed_in() && !settings_.nickserv_password.empty()) identify(now, out);
    rooms_.join_missing(out);
    return out;
}

// As a server would greet us that has us already.
std::optional<std::vector<Line>> Session::state() const {
    if (!up_ || history_.busy()) return std::nullopt;
    constexpr std::size_t tokens_of_a_line = 12, bytes_of_a_line = 400;
    std::vector<Line> out;
    const auto tell = [&out](std::string command, std::vector<std::string> params) {
        out.push_back({{}, "parley", std::move(command), std::move(params)});
    };
    tell("001", {nick_, "as before"});
    for (const auto& capability : registration_.enabled()) tell("CAP", {nick_, "ACK", capability});
    if (registration_.signed_in()) tell("900", {nick_, "as before"});
    std::vector<std::string> tokens;
    std::size_t bytes = 0;
    const auto flush = [&] {
        if (tokens.empty()) return;
        tokens.insert(tokens.begin(), nick_);
        tokens.emplace_back("are supported");
        tell("005", std::exchange(tokens, {}));
        bytes = 0;
    };
    for (const auto& [key, token] : isupport_.said) {
        if (tokens.size() == tokens_of_a_line || bytes + token.size() > bytes_of_a_line) flush();
        bytes += token.size() + 1;
        tokens.push_back(token);
    }
    flush();
    tell("376", {nick_, "as before"});
    rooms_.state(user_host_.empty() ? nick_ : nick_ + "!" + user_host_, out);
    return out;
}

std::optional<service::Steady> Session::due() const {
    if (!up_) return register_by_;
    auto first = rooms_.due();
    for (const auto& other : {history_.due(), regain_at_, identified_by_})
        if (other && (!first || *other < *first)) first = other;
    return first;
}

Effects Session::tick(Now now) {
    Effects out;
    now_ = now;
    if (!up_) {
        if (register_by_ <= now.steady) not_let_in(out);
        return out;
    }
    rooms_.tick(now.steady, out);
    history_.tick(now.steady, out);
    if (regain_at_ && *regain_at_ <= now.steady) regain(now, out);
    if (identified_by_ && *identified_by_ <= now.steady) judge_sign_in(out);
    return out;
}

void Session::not_let_in(Effects& out) const {
    const bool sasl = registration_.signing_in();
    out.push_back(Fail{{Code::timeout,
                        sasl ? "the server offers SASL but does not answer it" : "the server has not let us in in time",
                        sasl ? "its services may be away; it is tried again" : "it is tried again"}});
}

Effects Session::receive(const Line& line, Now now) {
    Effects out;
    now_ = now;
    line_ = now.line > 0 ? now.line : line_ + 1;
    of_line_ = 0;
    const bool counted = history_.counts(line);
    understand(line, now, out);
    history_.order(counted, out);
    if (line.command == "BATCH") history_.batch(line, now.steady, out);
    if (line.command == "FAIL") history_.failed(line, now.steady, out);
    return out;
}

Effects Session::catch_up(const kit::BackfillRequest& request, Now now) {
    Effects out;
    history_.ask(request, now.time, now.steady, out);
    return out;
}

bool Session::keeps_history() const {
    return isupport_.history_by_id && has("draft/chathistory") && has("batch") && has("server-time") &&
           has("message-tags");
}

void Session::understand(const Line& line, Now now, Effects& out) {
    if (line.command == "PONG" || line.command == "ACK" || line.command == "FAIL") {
        out.push_back(Answer{line});
    } else if (line.command == "ERROR") {
        out.push_back(
            Fail{{Code::unavailable, "the server ended the connection: " + to_text(line.last()).plain, ""}});
    } else if (line.command == "CAP") {
        registration_.cap(line, out);
    } else if (line.command == "AUTHENTICATE") {
        registration_.authenticate(line, out);
    } else if (line.command.size() == 3 && line.command[0] >= '0' && line.command[0] <= '9') {
        numeric(line, now, out);
    } else {
        conversation(line, now, out);
    }
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
    if (!resuming_ && !registration_.signed_in() && !settings_.nickserv_password.empty()) identify(now, out);
    if (!isupport_.same(nick_, settings_.nick)) regain_at_ = now.steady + regain_every;
    rooms_.join_all(out);
}

// Under a nick that is not the account's the account must be named.
void Session::identify(Now now, Effects& out) {
    const std::string account = isupport_.same(nick_, settings_.nick) ? "" : settings_.nick + " ";
    out.push_back(send("PRIVMSG", {std::string(nickserv), "IDENTIFY " + account + settings_.nickserv_password}));
    identified_by_ = now.steady + identify_within;
}

// What NickServ answers is for people to read; that we are signed in the server says itself (900).
void Session::judge_sign_in(Effects& out) {
    identified_by_.reset();
    if (registration_.signed_in()) return;
    const auto answer = nickserv_said_.empty() ? std::string("it says nothing") : "it says: " + nickserv_said_;
    out.push_back(Complain{{Code::denied, "NickServ has not signed us in; " + answer,
                            "check `nickserv_password` of the account; the account is the one named like `nick`"}});
}

void Session::regain(Now now, Effects& out) {
    regain_at_.reset();
    if (isupport_.same(nick_, settings_.nick)) return;
    out.push_back(send("NICK", {settings_.nick}));
    regain_at_ = now.steady + regain_every;
}

void Session::conversation(const Line& line, Now now, Effects& out) {
    if (line.nick().empty()) return;  // nobody: not even ":!user@host" is anybody
    if (identified_by_ && line.command == "NOTICE" && isupport_.same(line.nick(), nickserv))
        nickserv_said_ = kit::excerpt(to_text(line.last()).plain, 200);
    if (line.command == "PRIVMSG" || line.command == "NOTICE" || line.command == "TAGMSG" || line.command == "REDACT")
        return said(line, now, out);
    if (history_.holds_line(line)) return;  // comings and goings of long ago
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

}  // namespace parley::irc
