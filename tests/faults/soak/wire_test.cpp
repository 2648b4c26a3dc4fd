// Faults of the wire between a bridge and its server, in mid-stream: cut, delayed, slow, closed half, not there.
#include "tests/faults/soak/faulty.h"

namespace parley::soak {
namespace {

struct Wire {
    const char* name;
    tests::Proxy Stage::*wire;
    const char* bridge;
};

class WireTo : public Faulty, public testing::WithParamInterface<Wire> {
protected:
    WireTo() { begin(); }
    tests::Proxy& wire() { return (*stage).*GetParam().wire; }
    // The bridge has connected again, and its room hears again what is said on the page.
    bool comes_again(int connections) {
        return tests::wait_until([&] { return wire().connections() > connections; }, 30s * tests::slowdown);
    }
};

TEST_P(WireTo, ThatIsCutAgainAndAgainLosesAndDoublesNothingWithoutAMark) {
    for (int i = 0; i < 4; ++i) {
        const auto before = wire().connections();
        wire().cut();
        EXPECT_TRUE(comes_again(before)) << stage->house.log(GetParam().bridge);
        many_more(30);
    }
    expect_all_told();
}

TEST_P(WireTo, ThatDelaysEverythingLosesNothingAndNeedsNoMark) {
    wire().delay(300ms);
    many_more(120);
    wire().delay(0ms);
    expect_all_told_without_a_mark();
}

// Too little for what is said: what the server passes on waits in it, and so do its answers.
TEST_P(WireTo, WhoseServerAnswersSlowlyLosesAndDoublesNothingWithoutAMark) {
    wire().trickle(1500);
    many_more(120);
    wire().trickle(0);
    expect_all_told();
}

// What the server has said for seconds lies in the wire, and goes with the connection.
TEST_P(WireTo, ThatIsSlowWhenWhoHoldsItDiesLosesAndDoublesNothingWithoutAMark) {
    wire().trickle(600);
    many_more(120);
    const std::string bridge = GetParam().bridge;
    stage->house.restart(bridge == "small:irc" ? "small:irc-keeper" : bridge);
    wire().trickle(0);
    many_more();
    expect_all_told();
}

// The server says no more, but still takes what it is told.
TEST_P(WireTo, WhoseServerClosesItsHalfIsMadeAgain) {
    const auto before = wire().connections();
    wire().close_half();
    EXPECT_TRUE(comes_again(before)) << stage->house.log(GetParam().bridge);
    many_more();
    expect_all_told();
}

TEST_P(WireTo, ThatHoldsWhatTheServerIsToldAndThenIsNotThereLosesAndDoublesNothingWithoutAMark) {
    wire().freeze_to_server(true);
    many_more(30);
    wire().refuse(true);
    wire().cut();
    wire().freeze_to_server(false);
    many_more();
    const auto before = wire().connections();
    wire().refuse(false);
    EXPECT_TRUE(comes_again(before)) << stage->house.log(GetParam().bridge);
    many_more();
    expect_all_told();
}

INSTANTIATE_TEST_SUITE_P(A, WireTo,
                         testing::Values(Wire{"ngircd", &Stage::to_small, "small:irc"}, Wire{"inspircd", &Stage::to_large, "large:irc"},
                                         Wire{"prosody", &Stage::to_xmpp, "work:xmpp"}),
                         [](const auto& with) { return with.param.name; });

}  // namespace
}  // namespace parley::soak
