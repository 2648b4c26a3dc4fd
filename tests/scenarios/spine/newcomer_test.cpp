// What somebody finds out who has just come: what can be asked, how a run is stopped, how to sign in, and what a search
// finds.
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int declared = 20;

std::string commands() {
    std::string out = R"(
[command.wait]
summary = "Waits"
run = ["/bin/sleep", "60"]
allow = ["*"]
[command.count]
summary = "Counts far"
run = ["/usr/bin/seq", "100"]
allow = ["*"]
)";
    for (int i = 0; i < declared; ++i) out += fmt::format("[command.task-{}]\nsummary = \"Does the task number {} in its own way\"\nrun = [\"/bin/true\"]\nallow = [\"*\"]\n", i, i);
    return out;
}

class Newcomer : public testing::Test {
protected:
    void SetUp() override {
        house.start_all({"small:irc"});
        alice.join("#lobby");
        ASSERT_TRUE(wait_until([&] {
            alice.raw("NAMES #lobby");
            return alice.expect(" 353 ").find("parley") != std::string::npos;
        }, 20s)) << house.logs();
    }
    // What is said there until a line holds `last`.
    std::vector<std::string> hears(const std::string& target, const std::string& last) {
        return alice.hears_until(target, [&](const auto& lines) { return !lines.empty() && lines.back().find(last) != std::string::npos; }, 20s);
    }
    static std::string whole(const std::vector<std::string>& lines) { return fmt::format("{}", fmt::join(lines, "\n")); }

    IrcServer irc{IrcServer::Kind::ngircd};
    House house{irc_account("small", irc.port()) + "[gateway.lobby]\nrooms = [\"small/#lobby\", \"web/lobby\"]\n" + commands()};
    IrcClient alice{irc.port(), "alice"};
};

TEST_F(Newcomer, SeesEveryCommandInHelpOnAPlatformWithFewLines) {
    alice.say("#lobby", "!help");
    const auto help = whole(hears("#lobby", "says more about one"));
    for (int i = 0; i < declared; ++i) EXPECT_THAT(help, HasSubstr(fmt::format("!task-{}\x11", i)));
    for (const auto* name : {"wait", "count", "cancel", "help", "last", "login", "ping", "search", "show", "status"}) EXPECT_THAT(help, HasSubstr(fmt::format("!{}", name)));
    EXPECT_THAT(help, Not(HasSubstr("more lines")));
    alice.say("#lobby", "!help task-7");
    EXPECT_NE(alice.expect("Does the task number 7 in its own way"), "") << house.logs();
}

TEST_F(Newcomer, IsToldInARoomToSignInByADirectMessage) {
    alice.say("#lobby", "!login");
    EXPECT_NE(alice.expect("write \x11!login\x11 to me in a direct message"), "") << house.logs();
}

TEST_F(Newcomer, LearnsTheIdOfALongRunAndStopsItWithoutIt) {
    alice.say("#lobby", "!wait");
    EXPECT_NE(alice.expect("is running; \x11!cancel ", 20s), "") << house.logs();
    alice.say("#lobby", "!cancel");
    EXPECT_NE(alice.expect("\x11wait\x11 was cancelled after"), "") << house.logs();
    alice.say("#lobby", "!cancel");
    EXPECT_NE(alice.expect("no run of yours is open"), "") << house.logs();
}

TEST_F(Newcomer, GetsNoLinkInADirectMessageThatThePageWouldNotOpen) {
    alice.say("parley", "!count");
    const auto answer = hears("alice", "88 more lines");
    ASSERT_FALSE(answer.empty()) << house.logs();
    EXPECT_THAT(answer.back(), AllOf(HasSubstr("88 more lines — \x11!show "), Not(HasSubstr("http"))));
    const auto id = answer.back().substr(answer.back().find("!show ") + 6, 8);
    EXPECT_EQ(house.get("/run/" + id).status, 404) << "it is theirs alone";
    alice.say("parley", "!show " + id);
    EXPECT_NE(alice.expect("asked for"), "") << house.logs();

    alice.say("#lobby", "!count");
    const auto open = hears("#lobby", "88 more lines");
    ASSERT_FALSE(open.empty()) << house.logs();
    const auto at = open.back().find(house.url() + "/run/");
    ASSERT_NE(at, std::string::npos) << open.back();
    EXPECT_TRUE(wait_until([&] { return house.get(open.back().substr(at + house.url().size())).status == 200; }, 20s)) << house.logs();
}

TEST_F(Newcomer, FindsWhatWasSaidAndNotTheirOwnSearches) {
    alice.say("#lobby", "the grapefruit is ripe");
    ASSERT_TRUE(wait_until([&] { return house.search("grapefruit").size() == 1; }, 20s)) << house.logs();
    for (int i = 0; i < 3; ++i) {
        alice.say("#lobby", "!search grapefruit");
        EXPECT_NE(alice.expect("/search?q=grapefruit"), "") << house.logs();
    }
    ASSERT_TRUE(wait_until([&] { return house.search("command:search grapefruit outcome:succeeded").size() == 3; }, 20s)) << house.logs();
    EXPECT_THAT(house.search("grapefruit"), SizeIs(1));
    alice.say("#lobby", "!search grapefruit");
    const auto answer = hears("#lobby", "/search?q=grapefruit");
    ASSERT_THAT(answer, SizeIs(2)) << whole(answer);
    EXPECT_THAT(answer[0], HasSubstr("is ripe"));
}

TEST_F(Newcomer, IsToldWhatIsWrongWithASearchAndWhere) {
    alice.say("#lobby", "!search disk outcome:weird");
    EXPECT_NE(alice.expect("at character 14 of the query: there is no outcome \"weird\" (use one of: succeeded, failed"), "") << house.logs();
    alice.say("#lobby", "!search   disk \"full");
    EXPECT_NE(alice.expect("at character 6 of the query: this \" is never closed"), "") << house.logs();
    alice.say("#lobby", "!search bogus:x");
    EXPECT_NE(alice.expect("there is no field bogus:"), "") << house.logs();
}

}  // namespace
}  // namespace parley::tests
