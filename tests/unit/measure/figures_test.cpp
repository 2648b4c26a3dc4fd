#include "tools/measure/figures.h"

#include <gtest/gtest.h>

#include <numeric>

namespace parley::measure {
namespace {

TEST(Percentile, IsTheNearestRank) {
    std::vector<double> values(100);
    std::iota(values.rbegin(), values.rend(), 1);
    EXPECT_EQ(percentile(values, 0.5), 50);
    EXPECT_EQ(percentile(values, 0.99), 99);
    EXPECT_EQ(percentile({7}, 0.99), 7);
    EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(JsonText, IsWhole) {
    const std::vector<Json> list{Json().add("a", 1), Json()};
    EXPECT_EQ(Json().add("text", "a \"b\"\n").add("list", list).add("inside", Json().add("x", 0.5)).text(),
              R"({"text": "a \"b\"\u000a", "list": [{"a": 1}, {}], "inside": {"x": 0.5}})");
}

}  // namespace
}  // namespace parley::measure
