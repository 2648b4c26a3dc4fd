#include "broker/service/nearest.h"

#include <gmock/gmock.h>

namespace parley::service {
namespace {

TEST(Nearest, CountsEditsAndSwapsOfNeighbours) {
    EXPECT_EQ(distance("", "abc"), 3U);
    EXPECT_EQ(distance("uptime", "uptiem"), 1U);
    EXPECT_EQ(distance("kitten", "sitting"), 3U);
    EXPECT_EQ(distance("same", "same"), 0U);
}

TEST(Nearest, OffersOnlyLikelySlipsBestFirst) {
    const std::vector<std::string> names{"uptime", "deploy", "update", "ping"};
    EXPECT_THAT(nearest("uptme", names), testing::ElementsAre("uptime"));
    EXPECT_THAT(nearest("dep", names), testing::ElementsAre("deploy"));
    EXPECT_THAT(nearest("zzzzzz", names), testing::IsEmpty());
}

}  // namespace
}  // namespace parley::service
