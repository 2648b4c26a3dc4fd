// Chat servers that are stopped in mid-stream (SIGSTOP) and go on: for a moment, and for so long that the bridge gives up.
#include "tests/faults/soak/faulty.h"

namespace parley::soak {
namespace {

class FrozenServer : public Faulty {
protected:
    template <class Server>
    void for_a_moment(Server& server) {
        server.freeze();
        many_more();
        server.thaw();
        many_more();
        expect_all_told();
    }
    // Its bridge asks, waits, gives up and tries to come again, and then there are two of it for a while.
    void until_the_link_is_given_up(tests::IrcServer& server, const std::string& bridge) {
        const auto downs = links(bridge, "down");
        server.freeze();
        EXPECT_TRUE(link_becomes(bridge, "down", downs)) << stage->house.log(bridge);
        many_more();
        const auto ups = links(bridge, "up");
        server.thaw();
        EXPECT_TRUE(link_becomes(bridge, "up", ups)) << stage->house.log(bridge);
        many_more();
        expect_all_told();
    }
};

TEST_F(FrozenServer, NgircdGetsAndTellsEverythingWhenItGoesOn) {
    begin();
    for_a_moment(stage->small);
}

TEST_F(FrozenServer, InspircdGetsAndTellsEverythingWhenItGoesOn) {
    begin();
    for_a_moment(stage->large);
}

TEST_F(FrozenServer, ProsodyGetsAndTellsEverythingWhenItGoesOn) {
    begin();
    for_a_moment(stage->xmpp);
}

TEST_F(FrozenServer, NgircdThatWasGivenUpLosesAndDoublesNothingWithoutAMark) {
    begin();
    until_the_link_is_given_up(stage->small, "small:irc");
}

TEST_F(FrozenServer, InspircdThatWasGivenUpLosesAndDoublesNothingWithoutAMark) {
    begin();
    until_the_link_is_given_up(stage->large, "large:irc");
}

}  // namespace
}  // namespace parley::soak
