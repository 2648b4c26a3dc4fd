// Each message once and in order, each way between ngircd, InspIRCd and the page.
#include "tests/scenarios/spine/three_rooms.h"

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
    for (int i = 0; i < count; ++i) house.say("web/lobby", fmt::format("from the page {}", i));
    EXPECT_EQ(alice.hears("#lobby", count).size(), static_cast<std::size_t>(count));
    EXPECT_EQ(bob.hears("#lobby", count).size(), static_cast<std::size_t>(count));
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
    for (const auto& line : alice.hears("#lobby", 3)) heard += line;
    for (int i = 0; i < 60; ++i) EXPECT_THAT(heard, testing::HasSubstr(fmt::format("word{} ", i))) << heard;
}

TEST_F(Relay, FindsAMessageWithinASecond) {
    alice.say("#lobby", "the zeppelin has landed");
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(wait_until([&] { return house.search("zeppelin").size() == 1; }, 5s)) << house.logs();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

}  // namespace
}  // namespace parley::tests
