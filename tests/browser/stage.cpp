// A whole house for a test in a browser: Alice on ngircd, Carl on Prosody, the page, and a room that they share. It takes one
// request a line on standard input, as JSON, and answers each with one line; it ends with its input.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"
#include "tests/support/xmpp_client.h"
#include "tests/support/xmpp_server.h"

namespace parley::tests {
namespace {

using nlohmann::json;

constexpr auto channel = "#lobby", muc = "lobby@conference.localhost";

class Stage {
public:
    Stage() {
        house_.start_all({"small:irc", "work:xmpp"});
        alice_.join(channel);
        if (!carl_.join(muc, "carl")) throw std::runtime_error("Carl cannot join\n" + xmpp_.log());
        // The bridges are in when each side hears the other.
        const bool together = wait_until([&] {
            alice_.say(channel, "good morning");
            return carl_.hears("<alice> good morning", 500ms).has_value();
        }, 60s) && wait_until([&] {
            carl_.say(muc, "good morning to you");
            return !alice_.expect("<carl> good morning to you", 500ms).empty();
        }, 60s);
        if (!together) throw std::runtime_error("the rooms do not hear each other\n" + house_.logs());
    }
    std::string url() const { return house_.url(); }

    // {"do": "alice" | "carl", "text"}: says it in the room. "alice tells": to the bot alone. "alice hears" | "carl hears":
    // waits for a line that contains the text. "carl sees": waits for a message with this element.
    json answer(const json& request) {
        const auto what = request.value("do", ""), text = request.value("text", "");
        if (what == "alice") return alice_.say(channel, text), json::object();
        if (what == "carl") return carl_.say(muc, text), json::object();
        if (what == "alice tells") return alice_.say("parley", text), json::object();
        if (what == "alice hears") return {{"line", alice_.expect(text, 20s)}};
        if (what == "carl hears") return heard(carl_.hears([&](const XmlNode& n) { return n.child_text("body").find(text) != std::string::npos; }));
        if (what == "carl reacts") return carl_reacts(text, request.value("emojis", std::vector<std::string>()));
        if (what == "carl sees reactions") return carl_sees(request.value("emojis", std::vector<std::string>()));
        return {{"error", "nobody knows how to do " + what}};
    }

private:
    static json heard(const std::optional<XmlNode>& message) { return {{"line", message ? message->child_text("body") : ""}}; }

    json carl_reacts(const std::string& text, const std::vector<std::string>& emojis) {
        const auto said = carl_.hears([&](const XmlNode& n) { return n.child_text("body").find(text) != std::string::npos; });
        if (said) carl_.react(muc, XmppClient::stanza_id(*said), emojis);
        return {{"found", said.has_value()}};
    }
    // That Parley says that these reactions stand.
    json carl_sees(const std::vector<std::string>& emojis) {
        const auto seen = carl_.hears([&](const XmlNode& n) {
            const auto* set = n["from"] == std::string(muc) + "/parley" ? n.child("reactions") : nullptr;
            std::vector<std::string> all;
            if (set != nullptr)
                for (const auto& one : set->children) all.push_back(one.text);
            return set != nullptr && all == emojis;
        });
        return {{"seen", seen.has_value()}};
    }

    IrcServer irc_{IrcServer::Kind::ngircd};
    XmppServer xmpp_{{"parley", "carl"}};
    House house_{irc_account("small", irc_.port()) + xmpp_account("work", xmpp_.port(), xmpp_.ca_file()) + fmt::format(R"(
[account.web]
platform = "web"
[gateway.lobby]
rooms = ["small/{}", "work/{}", "web/lobby"]
)", channel, muc) + echo_command, false};
    IrcClient alice_{irc_.port(), "alice"};
    XmppClient carl_{xmpp_.port(), "carl"};
};

}  // namespace
}  // namespace parley::tests

int main() {
    try {
        parley::tests::Stage stage;
        std::cout << nlohmann::json{{"url", stage.url()}}.dump() << std::endl;
        for (std::string line; std::getline(std::cin, line);) std::cout << stage.answer(nlohmann::json::parse(line)).dump() << std::endl;
    } catch (const std::exception& problem) {
        std::cerr << problem.what() << '\n';
        return 1;
    }
    return 0;
}
