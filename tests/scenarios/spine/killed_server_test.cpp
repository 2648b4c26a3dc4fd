// kill -9 of a chat server in mid-stream: what was said anywhere else reaches it once it is back, and what it passed on
// before it died is everywhere else, each message once and in order.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/streams.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;

class KilledServer : public Streams {
protected:
    // Returns when the server has handed everything that it was told so far to everybody: the second answer comes a turn
    // of its loop after the first, which wrote what the lines before it gave rise to.
    static void pass_on(IrcClient& person, Lines& heard) {
        for (int turn = 0; turn < 2; ++turn) {
            const auto more = person.heard_so_far(channel);
            heard.insert(heard.end(), more.begin(), more.end());
        }
    }
    // Of a stream whose server died after it had taken `passed_on` lines: all of those, then some of the next that were on
    // their way, then what was said when it was back.
    static void expect_passed_on(const Lines& heard, const Lines& passed_on, const Lines& on_their_way, const Lines& after) {
        const auto some = heard.size() - std::min(heard.size(), passed_on.size() + after.size());
        ASSERT_LE(some, on_their_way.size()) << testing::PrintToString(heard);
        Lines wanted = passed_on;
        wanted.insert(wanted.end(), on_their_way.begin(), on_their_way.begin() + static_cast<std::ptrdiff_t>(some));
        wanted.insert(wanted.end(), after.begin(), after.end());
        EXPECT_THAT(heard, ElementsAreArray(wanted));
    }

    Lines irc_server_dies(const Side& side) {
        Lines heard;
        const auto others_say = [&](int from, int count) {
            for (int i = from; i < from + count; ++i) {
                side.other_says(i, 1);
                carl_says(i, 1);
                if (i % 3 == 0) page_says(i / 3, 1);
            }
        };
        side.says(0, 20);
        others_say(0, 20);
        pass_on(*side.person, heard);
        others_say(20, 10);
        side.says(20, 10);
        side.server.kill();
        const auto last = side.person->hears(channel, 1000, 5s);  // ends with the connection
        heard.insert(heard.end(), last.begin(), last.end());
        others_say(30, 15);
        // Nobody may speak on the new server before somebody listens.
        house.hold(side.account + ":irc");
        side.server.start();
        side.person = std::make_unique<IrcClient>(side.server.port(), side.person->nick());
        side.person->join(channel);
        house.go_on(side.account + ":irc");
        others_say(45, 15);
        return heard;
    }
    // What the dead server's person said after it was back, once their words are heard elsewhere again.
    void speaks_again(const Side& side, Lines& heard_there) {
        ASSERT_TRUE(wait_until([&] {
            side.person->say(channel, "back again?");
            const auto more = side.other->hears(channel, 1, 500ms);
            heard_there.insert(heard_there.end(), more.begin(), more.end());
            return count_of(more, "back again?") > 0;
        }, 30s)) << house.logs();
        side.says(30, 20);
    }
    void expect_nothing_lost_when_its_server_dies(Side side) {
        auto heard = irc_server_dies(side);
        heard = person_hears(side, std::move(heard));
        Lines other_heard;
        speaks_again(side, other_heard);
        other_heard = other_hears(side, std::move(other_heard));
        settle_both(side, heard, other_heard);

        expect_others_told(side, heard, other_heard);
        EXPECT_EQ(count_of(other_heard, doubt_mark), 0U);
        const auto passed_on = of_stream(other_heard, side.stream);
        expect_passed_on(passed_on, numbered(side.stream, 20), numbered(side.stream, 10, 20), numbered(side.stream, 20, 30));
        EXPECT_THAT(carls(side.stream), ElementsAreArray(passed_on)) << house.logs();
        EXPECT_THAT(pages(side.stream, passed_on.size()), ElementsAreArray(passed_on));
        EXPECT_THAT(carls(side.other_stream), ElementsAreArray(side.other_said));
        EXPECT_THAT(carls(of_page), ElementsAreArray(page_said));
    }
};

TEST_F(KilledServer, NgircdGetsAllThatWasSaidElsewhereAndLosesNothingThatItPassedOn) {
    expect_nothing_lost_when_its_server_dies(on_ngircd());
}

TEST_F(KilledServer, InspircdGetsAllThatWasSaidElsewhereAndLosesNothingThatItPassedOn) {
    expect_nothing_lost_when_its_server_dies(on_inspircd());
}

// A room on Prosody keeps an archive: what stands there when all is over is what was said there.
TEST_F(KilledServer, ProsodyGetsAllThatWasSaidElsewhereAndLosesNothingThatItPassedOn) {
    const auto others_say = [&](int from, int count) {
        for (int i = from; i < from + count; ++i) {
            alice_says(i, 1);
            bob_says(i, 1);
            if (i % 3 == 0) page_says(i / 3, 1);
        }
    };
    carl_says(0, 15);
    others_say(0, 15);
    ASSERT_TRUE(carl->hears(numbered(of_carl, 15).back())) << xmpp.log();
    others_say(15, 10);
    carl_says(15, 10);
    xmpp.kill();
    others_say(25, 15);
    xmpp.start();
    carl = std::make_unique<XmppClient>(xmpp.port(), "carl");
    ASSERT_TRUE(carl->join(muc, "carl")) << xmpp.log();
    others_say(40, 20);
    ASSERT_TRUE(carl->hears("<alice> " + alices.back(), 60s)) << house.logs();
    for (const auto& line : numbered(of_carl, 20, 30)) carl->say(muc, line), carl_said.push_back(line);

    const auto side = on_ngircd();
    auto alice_heard = person_hears(side), bob_heard = other_hears(side);
    settle_both(side, alice_heard, bob_heard);

    EXPECT_THAT(carls(of_alice), ElementsAreArray(alices)) << house.logs();
    EXPECT_THAT(carls(of_bob), ElementsAreArray(bobs));
    EXPECT_THAT(carls(of_page), ElementsAreArray(page_said));
    const auto his = carls(of_carl);
    expect_passed_on(his, numbered(of_carl, 15), numbered(of_carl, 10, 15), numbered(of_carl, 20, 30));
    EXPECT_THAT(of_stream(alice_heard, of_carl), ElementsAreArray(his)) << house.logs();
    EXPECT_THAT(of_stream(bob_heard, of_carl), ElementsAreArray(his));
    EXPECT_THAT(pages(of_carl, his.size()), ElementsAreArray(his));
    EXPECT_THAT(of_stream(alice_heard, of_bob), ElementsAreArray(bobs));
    EXPECT_THAT(of_stream(bob_heard, of_alice), ElementsAreArray(alices));
    EXPECT_THAT(of_stream(alice_heard, of_page), ElementsAreArray(page_said));
    EXPECT_THAT(of_stream(bob_heard, of_page), ElementsAreArray(page_said));
}

}  // namespace
}  // namespace parley::tests
