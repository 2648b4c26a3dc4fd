// Each message once and in order, each way between ngircd, InspIRCd and the page.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/three_rooms.h"
#include "tests/support/slowdown.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;

class Relay : public ThreeRooms {};

std::vector<std::string> numbered(const std::string& before, int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(fmt::format("{}{}", before, i));
    return out;
}

TEST_F(Relay, CarriesEachMessageOnceAndInOrderFromEachRoomToBothOthers) {
    constexpr int count = 50;
    for (int i = 0; i < count; ++i) alice.say("#lobby", fmt::format("from alice {}", i));
    EXPECT_THAT(bob.hears("#lobby", count), ElementsAreArray(numbered("<parley> <alice> from alice ", count))) << house.logs();
    for (int i = 0; i < count; ++i) bob.say("#lobby", fmt::format("from bob {}", i));
    EXPECT_THAT(alice.hears("#lobby", count), ElementsAreArray(numbered("<parley> <bob> from bob ", count)));
    constexpr int page_count = 8;  // a person may not say more at once on the page
    for (int i = 0; i < page_count; ++i) house.say("web/lobby", fmt::format("from the page {}", i));
    EXPECT_THAT(alice.hears("#lobby", page_count), ElementsAreArray(numbered("<parley> <operator> from the page ", page_count)));
    EXPECT_THAT(bob.hears("#lobby", page_count), ElementsAreArray(numbered("<parley> <operator> from the page ", page_count)));
    ASSERT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "from bob").size() == count; }));
    EXPECT_THAT(house.page_hears("web/lobby", "from alice"), ElementsAreArray(numbered("from alice ", count)));
    EXPECT_THAT(house.page_hears("web/lobby", "from bob"), ElementsAreArray(numbered("from bob ", count)));
    settle();
    EXPECT_THAT(alice.heard_so_far("#lobby"), testing::IsEmpty());
    EXPECT_THAT(bob.heard_so_far("#lobby"), testing::IsEmpty());
}

TEST_F(Relay, ShowsAnActionAsAnAction) {
    alice.action("#lobby", "waves");
    EXPECT_THAT(bob.hears("#lobby"), testing::ElementsAre(testing::HasSubstr("alice waves")));
}

TEST_F(Relay, CarriesALongMessageWhole) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += fmt::format("word{} äöü ", i);
    house.say("web/lobby", text);
    std::string heard;
    const std::string speaker = "<parley> <operator> ";
    for (const auto& line : alice.hears("#lobby", 3)) heard += line.substr(speaker.size()) + " ";
    EXPECT_EQ(heard, text);
}

TEST_F(Relay, FindsAMessageWithinASecond) {
    alice.say("#lobby", "the zeppelin has landed");
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(wait_until([&] { return house.search("zeppelin").size() == 1; }, 5s * slowdown)) << house.logs();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s * slowdown);
}

}  // namespace
}  // namespace parley::tests
