// A platform whose connection another process holds: the bridge that comes back finds it as it was.
#include "tests/unit/kit/bridged.h"

namespace parley::kit {
namespace {

class KeptBridge : public Bridged {};

TEST_F(KeptBridge, MarksNothingInARoomThatItFindsJoined) {
    a.bridge.reset();
    clock.ahead += std::chrono::seconds(120);
    start(a, [](StrawPlatform& platform) { platform.kept = true; });
    a.platform->say("1", "nothing was missed");
    hears(b, "<bob> nothing was missed");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> nothing was missed"));
}

TEST_F(KeptBridge, MarksAnAbsenceFromWhenTheLastWordWasHeardAndNotFromWhenThatIsNoticed) {
    const auto heard = clock.now() + std::chrono::seconds(1);
    a.platform->heard_last = heard;
    clock.ahead += std::chrono::seconds(120);
    a.platform->go();
    a.platform->heard_last.reset();
    a.platform->come();
    until([&] { return !b.platform->deliveries.empty(); }, "the marker");
    ASSERT_THAT(b.platform->heard, ElementsAre(HasSubstr("the bridge was away")));
    const auto hour_and_minute = service::iso8601(heard).substr(11, 5);
    // At its beginning: "12:03-12:41 on …"; over midnight the day stands before it.
    EXPECT_THAT(b.platform->heard[0].find(hour_and_minute), ::testing::AnyOf(0U, 11U)) << b.platform->heard[0];
}

// It is told again that it came into the room: that was before it was last there.
TEST_F(KeptBridge, MarksNoAbsenceTwice) {
    a.platform->go();
    a.platform->come();
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    a.platform->heard_last = clock.now() - std::chrono::seconds(60);
    a.platform->go();
    a.platform->come();
    a.platform->say("1", "after it");
    hears(b, "<bob> after it");
    EXPECT_EQ(b.platform->heard.size(), 2U);
}

TEST_F(KeptBridge, SaysOfADeliveryInDoubtThroughWhomItWasSentFirst) {
    b.platform->answers = false;
    b.platform->through = "keeper 1";
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    EXPECT_EQ(b.platform->deliveries[0].sent_through, "");
    for (const auto* later : {"keeper 1", "keeper 2", "keeper 3"}) {
        b.bridge.reset();
        start(b, [&](StrawPlatform& platform) { platform.answers = false, platform.through = later; });
        until([&] { return b.platform->deliveries.size() == 1; }, "the delivery");
        EXPECT_TRUE(b.platform->deliveries[0].in_doubt);
        EXPECT_EQ(b.platform->deliveries[0].sent_through, "keeper 1") << later;
    }
}

TEST_F(KeptBridge, TellsThePlatformWhenTheAnswerIsOnDisk) {
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    until([&] { return !b.platform->settlements.empty(); }, "the settlement");
    EXPECT_THAT(b.platform->settlements, ElementsAre(b.platform->deliveries[0].id));
}

}  // namespace
}  // namespace parley::kit
