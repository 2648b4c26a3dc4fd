#include "broker/service/random.h"

#include <gmock/gmock.h>

namespace parley::service {
namespace {

TEST(Random, RepeatsItselfForTheSameSeedOnly) {
    SeededRandom a(7), b(7), c(8);
    const auto first = a.number();
    EXPECT_EQ(first, b.number());
    EXPECT_NE(first, c.number());
}

TEST(Random, StaysBelowItsBound) {
    SeededRandom random(1);
    bool seen[3] = {};
    for (int i = 0; i < 200; ++i) {
        const auto n = random.below(3);
        ASSERT_LT(n, 3U);
        seen[n] = true;
        const auto f = random.fraction();
        ASSERT_TRUE(f >= 0 && f < 1);
    }
    EXPECT_TRUE(seen[0] && seen[1] && seen[2]);
}

TEST(Random, MakesTokensThatFitAUrl) {
    SystemRandom random;
    const auto token = random.token(32);
    EXPECT_EQ(token.size(), 43U);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos);
    EXPECT_NE(token, random.token(32));
}

}  // namespace
}  // namespace parley::service
