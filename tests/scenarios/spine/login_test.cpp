// Signing in to the page from a chat network: `!login` in a direct message, a link that works once, a cookie.
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

class Login : public testing::Test {
protected:
    void SetUp() override {
        house.start_all({"small:irc"});
        alice.join("#lobby");
        ASSERT_TRUE(wait_until([&] {
            alice.raw("NAMES #lobby");
            return alice.expect(" 353 ").find("parley") != std::string::npos;
        }, 20s)) << house.logs();
    }
    // The path of the link that the bot answers with.
    std::string ask_for_link() {
        alice.say("parley", "!login");
        const auto answer = alice.expect("PRIVMSG alice :", 20s);
        const auto at = answer.find(house.url() + "/login/");
        return at == std::string::npos ? "" : answer.substr(at + house.url().size());
    }
    static std::string line_of(const std::string& head, const std::string& name) {
        const auto at = head.find("\r\n" + name + ": ");
        return at == std::string::npos ? "" : head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    }

    IrcServer irc{IrcServer::Kind::ngircd};
    House house{irc_account("small", irc.port()) + R"(
[account.web]
platform = "web"
[gateway.lobby]
rooms = ["small/#lobby", "web/lobby"]
)", false};  // nobody is let in without a cookie, from wherever they come
    IrcClient alice{irc.port(), "alice"};
};

TEST_F(Login, GivesALinkThatSignsInOnceAndNeverAgain) {
    EXPECT_EQ(house.get("/me").status, 401);
    EXPECT_EQ(house.get("/api/rooms").status, 401);
    const auto link = ask_for_link();
    ASSERT_NE(link, "") << house.logs();

    // Looking at it does not use it up: a program may fetch a link for a preview.
    for (int i = 0; i < 2; ++i) EXPECT_THAT(house.get(link).body, HasSubstr("Hello, alice"));
    const auto signed_in = house.submit(link, "");
    EXPECT_EQ(signed_in.status, 303);
    const auto set = line_of(signed_in.head, "Set-Cookie");
    EXPECT_THAT(set, HasSubstr("; HttpOnly"));
    EXPECT_THAT(set, HasSubstr("; SameSite=Strict"));
    const auto begin = set.find(": ") + 2;
    const auto cookie = set.substr(begin, set.find(';') - begin);
    const auto me = house.get("/me", cookie);
    EXPECT_EQ(me.status, 200);
    EXPECT_THAT(me.body, HasSubstr("value=\"alice\""));
    EXPECT_THAT(me.body, testing::ContainsRegex("<code>small/[^<]*alice</code>"));

    const auto again = house.submit(link, "");
    EXPECT_EQ(again.status, 404);
    EXPECT_EQ(line_of(again.head, "Set-Cookie"), "");
    EXPECT_EQ(house.get(link).status, 404);
    EXPECT_EQ(house.get("/me").status, 401);
    EXPECT_EQ(house.get("/me", cookie + "x").status, 401);
}

TEST_F(Login, SpeaksInTheRoomUnderTheNameThatAskedForTheLink) {
    const auto link = ask_for_link();
    ASSERT_NE(link, "") << house.logs();
    const auto set = line_of(house.submit(link, "").head, "Set-Cookie");
    const auto begin = set.find(": ") + 2;
    const auto cookie = set.substr(begin, set.find(';') - begin);
    EXPECT_EQ(house.submit("/room/" + url_encoded("web/lobby"), "text=from+the+page", cookie).status, 303);
    EXPECT_NE(alice.expect("PRIVMSG #lobby :<alice> from the page"), "") << house.logs();
    EXPECT_EQ(house.submit("/room/" + url_encoded("web/lobby"), "text=by+nobody").status, 401);
}

// A link in a room would be everybody's.
TEST_F(Login, IsNotAnsweredInARoom) {
    alice.say("#lobby", "!login");
    alice.say("#lobby", "!help");
    const auto answers = alice.hears_until("#lobby", [](const auto& lines) {
        return std::any_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("!help") != std::string::npos; });
    });
    EXPECT_FALSE(answers.empty()) << house.logs();
    for (const auto& line : answers) EXPECT_THAT(line, Not(HasSubstr("/login/")));
}

}  // namespace
}  // namespace parley::tests
