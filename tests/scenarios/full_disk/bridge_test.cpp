// A bridge on a full disk: it takes nothing more, says so, keeps what it has, and goes on by itself when there is room.
#include <fstream>

#include "tests/scenarios/full_disk/on_a_small_disk.h"
#include "tests/support/xmpp_client.h"
#include "tests/support/xmpp_server.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

class FullBridge : public OnASmallDisk {
protected:
    static std::vector<std::string> as_heard_on_irc(const std::vector<std::string>& lines) {
        std::vector<std::string> out;
        for (const auto& line : lines) out.push_back("<parley> " + line);
        return out;
    }
};

TEST_F(FullBridge, LeavesAtTheBrokerWhatItsOutboxCannotTake) {
    begin("bridges/small");
    disk->fill();
    const int said = until_full("small:irc", "cannot write to the outbox", [&](int i) { EXPECT_TRUE(publish(fmt::format("to be said {}.", i))); });
    EXPECT_THAT(status_in_the_room(), AllOf(HasSubstr("trouble: account.small"), HasSubstr("free some space")));
    nothing_has_ended();

    disk->make_room();
    const auto wanted = as_heard_on_irc(numbered("to be said", said));
    std::vector<std::string> heard;
    while (heard.size() < wanted.size()) {
        const auto next = alice.hears("#lobby", 1, 30s);
        ASSERT_EQ(next.size(), 1U) << heard.size() << " of " << wanted.size() << house.logs();
        if (next[0].find("to be said") != std::string::npos) heard.push_back(next[0]);
    }
    EXPECT_THAT(heard, ElementsAreArray(wanted));
    EXPECT_TRUE(wait_until([&] { return status_in_the_room().find("trouble") == std::string::npos; }, 20s)) << house.logs();
    nothing_has_ended();
}

TEST_F(FullBridge, StopsListeningWhenItsSpoolIsFullAndMissesNothing) {
    begin("bridges/small");
    disk->fill();
    int said = until_full("small:irc", "nothing more is taken from the platform", [&](int i) { alice.say("#lobby", fmt::format("heard {}.", i)); });
    // What the broker takes from the spool makes room for more, again and again.
    std::string status;
    EXPECT_TRUE(wait_until([&] {
        disk->fill();
        for (int i = 0; i < 20; ++i) alice.say("#lobby", fmt::format("heard {}.", said++));
        return (status = status_in_the_room()).find("trouble: account.small: ") != std::string::npos;
    }, 30s)) << status;
    nothing_has_ended();

    disk->make_room();
    expect_all_heard(said);
    EXPECT_TRUE(wait_until([&] { return status_in_the_room().find("trouble") == std::string::npos; }, 20s)) << house.logs();
    nothing_has_ended();
}

// What was heard but not yet kept dies with the bridge; the room is told.
TEST_F(FullBridge, MarksWhatAKillCostItMeanwhile) {
    begin("bridges/small");
    disk->fill();
    const auto begun = std::chrono::steady_clock::now();
    const int said = until_full("small:irc", "nothing more is taken from the platform", [&](int i) { alice.say("#lobby", fmt::format("heard {}.", i)); });
    // For longer than a bridge waits between two notes that it is there.
    ASSERT_TRUE(wait_until([&] {
        alice.say("#lobby", fmt::format("heard {}.", said));
        return std::chrono::steady_clock::now() - begun > 3s;
    }));
    house.kill("small:irc");
    disk->make_room();
    house.start("small:irc");
    ASSERT_TRUE(wait_until([&] { return !gaps().empty(); }, 20s)) << house.logs();
    EXPECT_EQ(gaps()[0]["room"].text(), "#lobby");
    EXPECT_EQ(gaps()[0]["why"].text(), "the bridge was away");
}

class FullKeeper : public OnASmallDisk {};

TEST_F(FullKeeper, StopsListeningAndMissesNothingThoughTheBridgeIsKilledMeanwhile) {
    begin("bridges/small/keeper", {"small:irc-keeper", "small:irc"});
    disk->fill();
    const int said = until_full("small:irc-keeper", "nothing more is taken from the server", [&](int i) { alice.say("#lobby", fmt::format("heard {}.", i)); });
    nothing_has_ended();
    house.kill("small:irc");
    disk->make_room();
    house.start("small:irc");
    expect_all_heard(said);
}

class FullXmppBridge : public OnASmallDisk {
protected:
    static constexpr auto muc = "lobby@conference.localhost";
    XmppServer xmpp;
    XmppClient bob{xmpp.port(), "bob"};

    FullXmppBridge() { ::setenv("PARLEY_TEST_PASSWORD", "secret", 1); }
    void SetUp() override {
        OnASmallDisk::SetUp();
        std::ofstream(house.settings_file(), std::ios::app) << fmt::format(
            "[account.work]\nplatform = \"xmpp\"\njid = \"parley@localhost\"\npassword = {{ env = \"PARLEY_TEST_PASSWORD\" }}\nhost = \"127.0.0.1\"\nport = {}\n"
            "ca_file = \"{}\"\n[gateway.work]\nrooms = [\"work/{}\", \"web/lobby\"]\n", xmpp.port(), xmpp.ca_file(), muc);
        ASSERT_TRUE(bob.join(muc, "bob"));
    }
};

// It leaves, and the room's own history tells it what it missed.
TEST_F(FullXmppBridge, LeavesWhenItsSpoolIsFullAndFetchesWhatItMissed) {
    begin("bridges/work", {"small:irc", "work:xmpp"});
    ASSERT_TRUE(wait_until([&] {
        publish("is xmpp there?");
        return bob.hears("is xmpp there?", 500ms).has_value();
    }, 20s)) << house.logs();
    disk->fill();
    int said = 0;
    const std::string full = "nothing more is taken from the platform";
    while (said < lines_max && house.log("work:xmpp").find(full) == std::string::npos) {
        bob.say(muc, fmt::format("heard {}.", said));
        ASSERT_TRUE(bob.hears(fmt::format("heard {}.", said))) << xmpp.log();  // the room has it; not faster than that
        ++said;
    }
    for (int i = 0; i < 5; ++i) bob.say(muc, fmt::format("heard {}.", said++));
    ASSERT_TRUE(bob.hears(fmt::format("heard {}.", said - 1)));
    nothing_has_ended();

    disk->make_room();
    expect_all_heard(said);
    nothing_has_ended();
}

}  // namespace
}  // namespace parley::tests
