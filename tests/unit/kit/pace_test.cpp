// Backoff and rate limits: pure, on a clock that only moves when told.
#include <gtest/gtest.h>

#include "bridges/kit/rate_limit.h"
#include "broker/service/backoff.h"

namespace parley::kit {
namespace {

using service::Backoff;

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct StillClock final : service::Clock {
    service::Steady at{};
    service::Time now() const override { return {}; }
    service::Steady steady() const override { return at; }
};

TEST(Backoff, DoublesUpToItsLimitAndStaysBetweenHalfAndWhole) {
    service::SeededRandom random(7);
    Backoff backoff(random, {milliseconds(100), milliseconds(1000), 2});
    for (const int whole : {100, 200, 400, 800, 1000, 1000, 1000}) {
        const auto wait = backoff.next();
        EXPECT_GE(wait, milliseconds(whole / 2));
        EXPECT_LE(wait, milliseconds(whole));
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, IsShortAgainAfterAMinuteOfLife) {
    service::SeededRandom random(7);
    Backoff backoff(random, {milliseconds(100), milliseconds(1000), 2});
    for (int i = 0; i < 4; ++i) backoff.after_a_life_of(seconds(1));
    EXPECT_GE(backoff.after_a_life_of(seconds(60)), milliseconds(500));
    EXPECT_LE(backoff.after_a_life_of(seconds(61)), milliseconds(100));
}

TEST(RateLimit, LetsABurstThroughAndThenItsRate) {
    StillClock clock;
    RateLimit limit(clock, 2, 3);
    EXPECT_TRUE(limit.take());
    EXPECT_TRUE(limit.take());
    EXPECT_TRUE(limit.take());
    EXPECT_FALSE(limit.take());
    EXPECT_EQ(limit.wait(), milliseconds(500));
    clock.at += milliseconds(500);
    EXPECT_TRUE(limit.take());
    EXPECT_FALSE(limit.take());
}

TEST(RateLimit, HoldsBackAfterACostAboveItsBurst) {
    StillClock clock;
    RateLimit limit(clock, 1, 2);
    EXPECT_TRUE(limit.take(5));
    EXPECT_EQ(limit.wait(), seconds(4));
}

TEST(RateLimit, KeepsAPauseThatTheServerAskedFor) {
    StillClock clock;
    RateLimit limit(clock, 4, 8);
    limit.pause(seconds(3));
    EXPECT_FALSE(limit.take());
    EXPECT_EQ(limit.wait(), seconds(3));
    clock.at += seconds(3);
    EXPECT_TRUE(limit.take());
}

}  // namespace
}  // namespace parley::kit
