// CAP, SASL and nicks before we are in; see registration.h.
#include "bridges/irc/registration.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace parley::irc {

namespace {

constexpr std::array wanted = {"server-time", "message-tags",      "echo-message",         "labeled-response",
                               "batch",       "account-tag",       "multi-prefix",         "cap-notify",
                               "sasl",        "extended-join",     "account-notify",       "chghost",
                               "setname",     "draft/chathistory", "draft/event-playback", "draft/message-redaction"};
constexpr unsigned nicks_tried_max = 10;
constexpr std::size_t offered_max = 512;

std::vector<std::string> words(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> out;
    for (std::string word; in >> word && out.size() < offered_max;) out.push_back(word);
    return out;
}

std::string_view name_of(std::string_view capability) { return capability.substr(0, capability.find('=')); }

}  // namespace

void Registration::start(Effects& out) {
    out.push_back(send("CAP", {"LS", "302"}));
    if (!settings_.password.empty()) out.push_back(send("PASS", {settings_.password}));
    out.push_back(send("NICK", {nick_}));
    out.push_back(send("USER", {settings_.user, "0", "*", settings_.realname}));
}

void Registration::cap(const Line& line, Effects& out) {
    const auto verb = line.param(1);
    const auto listed = words(line.last());
    if (verb == "LS" || verb == "NEW") {
        offered_.insert(offered_.end(), listed.begin(), listed.end());
        if (offered_.size() > offered_max) offered_.resize(offered_max);
        if (verb == "LS" && line.params.size() > 3 && line.param(2) == "*") return;  // more follows
        request(std::exchange(offered_, {}), out);
    } else if (verb == "ACK") {
        for (const auto& capability : listed) {
            const bool off = capability.starts_with('-');
            const std::string name(name_of(std::string_view(capability).substr(off ? 1 : 0)));
            asked_.erase(name);
            if (off)
                enabled_.erase(name);
            else
                enabled_.insert(name);
        }
        settled(out);
    } else if (verb == "NAK") {
        // One of several may be the reason: ask for each alone, once.
        for (const auto& capability : listed) {
            if (listed.size() > 1)
                out.push_back(send("CAP", {"REQ", capability}));
            else
                asked_.erase(std::string(name_of(capability)));
        }
        settled(out);
    } else if (verb == "DEL") {
        for (const auto& capability : listed) enabled_.erase(std::string(name_of(capability)));
    }
}

void Registration::request(const std::vector<std::string>& offered, Effects& out) {
    std::string list;
    for (const auto& capability : offered) {
        const auto name = name_of(capability);
        if (std::find(wanted.begin(), wanted.end(), name) == wanted.end() || has(name)) continue;
        if (name == "sasl") {
            if (settings_.sasl.mechanism.empty() || registered_) continue;
            sasl_mechanisms_ = name.size() < capability.size() ? capability.substr(name.size() + 1) : "";
        }
        asked_.insert(std::string(name));
        list += (list.empty() ? "" : " ") + std::string(name);
    }
    if (!list.empty()) out.push_back(send("CAP", {"REQ", list}));
    settled(out);
}

// Once nothing is asked any more: sign in, then say that we are done.
void Registration::settled(Effects& out) {
    if (ended_ || registered_ || !asked_.empty() || sasl_running_) return;
    const auto& mechanism = settings_.sasl.mechanism;
    if (!mechanism.empty() && !signed_in_) {
        if (!has("sasl")) return sasl_failed("the server offers no SASL", out);
        if (!sasl_mechanisms_.empty() &&
            ("," + sasl_mechanisms_ + ",").find("," + mechanism + ",") == std::string::npos)
            return sasl_failed("the server offers SASL " + sasl_mechanisms_ + ", not " + mechanism, out);
        sasl_running_ = true;
        out.push_back(send("AUTHENTICATE", {mechanism}));
        return;
    }
    ended_ = true;
    out.push_back(send("CAP", {"END"}));
}

void Registration::authenticate(const Line& line, Effects& out) {
    if (!sasl_running_ || line.param(0) != "+") return;
    const auto& sasl = settings_.sasl;
    std::string answer;
    if (sasl.mechanism == "PLAIN") {
        answer = base64(sasl.user + '\0' + sasl.user + '\0' + sasl.password);
    }
    // Chunks of 400; one that is full, or nothing at all, is followed by a "+".
    std::size_t at = 0;
    for (; at + 400 <= answer.size(); at += 400) out.push_back(send("AUTHENTICATE", {answer.substr(at, 400)}));
    out.push_back(send("AUTHENTICATE", {at < answer.size() ? answer.substr(at) : "+"}));
}

void Registration::sasl_failed(std::string why, Effects& out) {
    sasl_running_ = false;
    if (!settings_.nickserv_password.empty()) {  // the account may still be had after 001
        ended_ = true;
        out.push_back(send("CAP", {"END"}));
        return;
    }
    out.push_back(Fail{{service::Code::denied, "signing in as " + settings_.sasl.user + " failed: " + why,
                        "check `sasl` of the account, or set `nickserv_password`"}});
}

bool Registration::numeric(const Line& line, Effects& out) {
    const auto& code = line.command;
    if (code == "900") return signed_in_ = true;
    if (code == "903") {
        signed_in_ = true;
        sasl_running_ = false;
        settled(out);
        return true;
    }
    if (code == "902" || code == "904" || code == "905" || code == "906" || code == "907" || code == "908") {
        if (sasl_running_ && code != "908") sasl_failed(std::string(line.last()), out);
        return true;
    }
    if (registered_) return false;
    if (code == "433" || code == "436" || code == "437") return another_nick(line, out), true;
    if (code == "432") {
        out.push_back(Fail{{service::Code::invalid,
                            "the server does not take the nick " + nick_ + ": " + std::string(line.last()),
                            "choose another `nick`; some servers allow nine characters"}});
        return true;
    }
    if (code == "464" || code == "465" || code == "463" || code == "466") {
        out.push_back(Fail{{service::Code::denied, "the server does not let us in: " + std::string(line.last()),
                            "check `password`; if we are banned, ask the network's operators"}});
        return true;
    }
    return false;
}

std::vector<std::string> nicks_like(const std::string& nick) {
    std::vector<std::string> out{nick};
    const std::size_t most = std::max<std::size_t>(nick.size(), 9);
    for (unsigned tried = 1; tried <= nicks_tried_max; ++tried) {
        const std::string tail = tried <= 2 ? std::string(tried, '_') : "_" + std::to_string(tried - 1);
        out.push_back(nick.substr(0, most - tail.size()) + tail);
    }
    return out;
}

void Registration::another_nick(const Line& line, Effects& out) {
    if (++nicks_tried_ > nicks_tried_max) {
        out.push_back(Fail{{service::Code::conflict,
                            "every nick like " + settings_.nick + " is taken: " + std::string(line.last()),
                            "choose another `nick`"}});
        return;
    }
    nick_ = nicks_like(settings_.nick)[nicks_tried_];
    out.push_back(send("NICK", {nick_}));
}

}  // namespace parley::irc
