// kill -9 of bridges whose keepers live on: the people in the rooms cannot tell. kill -9 of a keeper: a marked gap.
#include <random>

#include "tests/scenarios/keeper/kept_rooms.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

class KilledBehindItsKeeper : public KeptRooms, public testing::WithParamInterface<bool> {
protected:
    void both_say(int count) {
        for (int i = 0; i < count; ++i) small->says(1), large->says(1);
    }
};

TEST_P(KilledBehindItsKeeper, ABridgeLosesAndDoublesNothingAndNobodySees) {
    begin(options(GetParam()));
    for (auto* side : {&*small, &*large}) {
        both_say(30);
        house->kill(side->bridge());
        both_say(30);
        house->start(side->bridge());
        both_say(30);
    }
    settle();
    expect_all_once_and_in_order();
    expect_unseen();
}

// Whatever a bridge was about when it died, and though the next one died at its start.
TEST_P(KilledBehindItsKeeper, BridgesLoseAndDoubleNothingHoweverOftenAndWheneverTheyDie) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
    begin(options(GetParam()));
    for (int death = 0; death < 12; ++death) {
        auto& side = below(2) == 0 ? *small : *large;
        both_say(1 + below(25));
        // Some are let be until what was said is heard; the others die in the middle of it.
        if (below(3) == 0) settle();
        house->kill(side.bridge());
        both_say(below(10));
        house->start(side.bridge());
        // A death at some moment of its start.
        if (below(3) == 0) {
            wait_until([&] { return house->log(side.bridge()).size() % 7 == 0; }, std::chrono::milliseconds(below(120)));
            house->restart(side.bridge());
        }
    }
    settle();
    expect_all_once_and_in_order();
    expect_unseen();
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, KilledBehindItsKeeper, testing::Bool(),
                         [](const auto& with) { return with.param ? "tls" : "plain"; });

class Killed : public KeptRooms {};

TEST_F(Killed, AKeeperLeavesOneMarkedGap) {
    begin({});
    small->says(20);
    settle();
    house->kill(small->keeper());
    ASSERT_TRUE(small->witness->sees(" QUIT ")) << "the room sees it leave";
    const auto missed = fmt::format("{} may be missed", small->account);
    small->speaker->say("#lobby", missed);
    house->start(small->keeper());
    ASSERT_TRUE(small->witness->sees(" JOIN ")) << house->logs();
    small->says(20);
    settle();
    expect_all_once_and_in_order();
    EXPECT_THAT(large->witness->that_hold("is not available"), SizeIs(1)) << house->logs();
    EXPECT_THAT(large->witness->told(missed), testing::IsEmpty());
}

// What the keeper had heard while the bridge was away outlives it.
TEST_F(Killed, BothLeaveOneMarkedGapBehindWhatTheKeeperHadHeard) {
    begin({});
    house->kill(small->bridge());
    small->says(50);
    // The server has passed all of it on when it answers; the keeper is then at most a moment behind.
    small->speaker->heard_so_far("#lobby");
    const auto kept = [&] { return read_file(house->folder() / "data/bridges/small/keeper/kept"); };
    ASSERT_TRUE(wait_until([&] { return kept().find(small->said.back()) != std::string::npos; })) << house->logs();
    house->kill(small->keeper());
    ASSERT_TRUE(small->witness->sees(" QUIT "));
    house->start(small->keeper());
    house->start(small->bridge());
    ASSERT_TRUE(small->witness->sees(" JOIN ")) << house->logs();
    small->says(5);
    settle();
    expect_all_once_and_in_order();
    const auto marks = large->witness->that_hold("is not available");
    EXPECT_THAT(marks, SizeIs(1)) << house->logs();
    // It stands where the missing words would.
    const auto all = large->witness->that_hold(":parley");
    const auto where = [&](const std::string& part) {
        return std::find_if(all.begin(), all.end(), [&](const auto& line) { return line.find(part) != std::string::npos; }) - all.begin();
    };
    EXPECT_LT(where("small's 49."), where("is not available"));
    EXPECT_LT(where("is not available"), where("small's 50."));
}

}  // namespace
}  // namespace parley::tests
