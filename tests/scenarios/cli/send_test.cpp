// `parley send` says what became of it in each room, and ends so that a script can tell.
#include "tests/scenarios/cli/cli.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Send : public testing::Test {
protected:
    void SetUp() override {
        house.start("broker");
        alice.join("#ops");  // the first one in: she may kick
        house.start("small:irc");
        ASSERT_TRUE(wait_until([&] {
            return parley({"status", "--settings", house.settings_file().string()}).out.find("room=#ops  joined=true") != std::string::npos;
        }, 20s)) << house.logs();
    }
    Said send(const std::string& room, const std::string& text) const { return parley({"send", room, text, "--settings", house.settings_file().string()}); }

    IrcServer irc{IrcServer::Kind::ngircd};
    House house{irc_account("small", irc.port()) + "[gateway.ops]\nrooms = [\"small/#ops\", \"web/ops\"]\n"};
    IrcClient alice{irc.port(), "alice"};
};

TEST_F(Send, NamesEveryRoomThatHasIt) {
    for (const auto* room : {"small/#ops", "web/ops"}) {
        const auto said = send(room, "the deploy begins");
        EXPECT_EQ(said.code, good) << said.err << house.logs();
        ASSERT_EQ(said.lines().size(), 2U) << said.out;
        EXPECT_EQ(said.lines()[1], "small/#ops has it") << "the page reads the journal";
    }
    EXPECT_EQ(alice.hears("#ops", 2).size(), 2U);
}

TEST_F(Send, FailsAndSaysWhyWhereTheBotIsNot) {
    const auto said = send("small/#elsewhere", "hello?");
    EXPECT_EQ(said.code, failed) << said.out << house.logs();
    EXPECT_THAT(said.err, AllOf(HasSubstr("small/#elsewhere refused it: "), HasSubstr("parley status")));
}

TEST_F(Send, SaysThatItIsQueuedWhereNobodyCanSpeakNow) {
    house.kill("small:irc");
    const auto begun = std::chrono::steady_clock::now();
    const auto away = send("small/#ops", "said while the bridge was away");
    EXPECT_EQ(away.code, good) << away.err;
    EXPECT_THAT(away.out, HasSubstr("small/#ops: queued; its bridge does not answer\n"));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 9s) << "there is nothing to wait for";
    house.start("small:irc");
    EXPECT_NE(alice.expect("PRIVMSG #ops :said while the bridge was away", 20s), "") << house.logs();

    alice.raw("KICK #ops parley :out");
    Said kicked;
    int number = 0;
    ASSERT_TRUE(wait_until([&] {
        kicked = send("small/#ops", std::to_string(++number));
        return kicked.out.find("queued; the bot is not in the room") != std::string::npos;
    }, 20s)) << kicked.out << kicked.err << house.logs();
    EXPECT_EQ(kicked.code, good);
}

}  // namespace
}  // namespace parley::tests
