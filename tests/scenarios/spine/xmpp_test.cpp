// The spine over Prosody: a gateway of a room on ngircd, a MUC and a room on the page.
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"
#include "tests/support/xmpp_client.h"
#include "tests/support/xmpp_server.h"

namespace parley::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto muc = "lobby@conference.localhost";

class OverXmpp : public testing::Test {
protected:
    static std::string settings(const IrcServer& irc, const XmppServer& xmpp) {
        return irc_account("small", irc.port()) + xmpp_account("work", xmpp.port(), xmpp.ca_file()) + echo_command +
               fmt::format("[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"work/{}\", \"web/lobby\"]\n", muc);
    }
    void SetUp() override {
        house.start_all({"small:irc", "work:xmpp"});
        alice.join("#lobby");
        ASSERT_TRUE(bob.join(muc, "bob")) << xmpp.log();
        ASSERT_TRUE(wait_until([&] {
            const auto mark = fmt::format("hello {}", ++marks_);
            house.say("web/lobby", mark);
            return !alice.expect(mark, 500ms).empty() && bob.hears("<operator> " + mark, 500ms).has_value();
        }, 20s)) << house.logs();
    }

    IrcServer irc{IrcServer::Kind::ngircd};
    XmppServer xmpp;
    House house{settings(irc, xmpp)};
    IrcClient alice{irc.port(), "alice"};
    XmppClient bob{xmpp.port(), "bob"};
    int marks_ = 0;
};

TEST_F(OverXmpp, CarriesEachMessageOnceAndInOrderBothWays) {
    constexpr int count = 30;
    for (int i = 0; i < count; ++i) alice.say("#lobby", fmt::format("to xmpp {}", i));
    for (int i = 0; i < count; ++i) ASSERT_TRUE(bob.hears(fmt::format("<alice> to xmpp {}", i))) << i << house.logs();
    for (int i = 0; i < count; ++i) EXPECT_EQ(bob.count(fmt::format("<alice> to xmpp {}", i)), 1);
    for (int i = 0; i < count; ++i) bob.say(muc, fmt::format("to irc {}", i));
    std::vector<std::string> wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(fmt::format("<parley> <bob> to irc {}", i));
    EXPECT_THAT(alice.hears("#lobby", count), testing::ElementsAreArray(wanted));
}

TEST_F(OverXmpp, ShowsEditsReactionsRepliesAndRemovalsOnIrcAsLines) {
    bob.say(muc, "the word is wrnog");
    EXPECT_THAT(alice.hears("#lobby"), ElementsAre("<parley> <bob> the word is wrnog"));
    const auto said = bob.hears("the word is wrnog");
    ASSERT_TRUE(said);
    const auto id = XmppClient::stanza_id(*said);
    bob.correct(muc, (*said)["id"], "the word is wrong");
    EXPECT_THAT(alice.hears("#lobby"), ElementsAre(HasSubstr("the word is wrong")));
    bob.react(muc, id, {"👍"});
    EXPECT_THAT(alice.hears("#lobby"), ElementsAre(HasSubstr("👍")));
    bob.reply(muc, id, "the word is wrong", "so it is");
    EXPECT_THAT(alice.hears("#lobby"), ElementsAre(HasSubstr("so it is")));
    bob.retract(muc, id);
    EXPECT_THAT(alice.hears("#lobby"), ElementsAre(HasSubstr("removed")));
}

TEST_F(OverXmpp, AnswersACommandAskedThereInEveryRoom) {
    bob.say(muc, "!echo asked-on-xmpp");
    EXPECT_THAT(alice.hears("#lobby", 2), testing::Contains("<parley> asked-on-xmpp")) << house.logs();
    EXPECT_TRUE(bob.hears("asked-on-xmpp"));
    ASSERT_TRUE(wait_until([&] { return !house.search("command:echo asked-on-xmpp").empty(); }, 5s));
}

// More than the 20 messages that a room gives to who comes back: the rest is in its archive.
TEST_F(OverXmpp, LosesAndDoublesNothingWhenItsBridgeIsKilledInMidStream) {
    constexpr int count = 120, back_every = 2;
    for (int i = 0; i < count; ++i) {
        if (i == 20) house.kill("work:xmpp");
        if (i == 100) house.start("work:xmpp");
        alice.say("#lobby", fmt::format("stream {}", i));
        if (i % back_every == 0) bob.say(muc, fmt::format("back {}", i));
    }
    for (int i = 0; i < count; ++i) ASSERT_TRUE(bob.hears(fmt::format("<alice> stream {}", i))) << i << house.logs();
    for (int i = 0; i < count; ++i) EXPECT_EQ(bob.count(fmt::format("<alice> stream {}", i)), 1) << i;
    std::vector<std::string> wanted;
    for (int i = 0; i < count; i += back_every) wanted.push_back(fmt::format("<parley> <bob> back {}", i));
    EXPECT_THAT(alice.hears("#lobby", wanted.size(), 20s), testing::ElementsAreArray(wanted)) << house.logs();
}

}  // namespace
}  // namespace parley::tests
