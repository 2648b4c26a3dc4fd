// kill -9 of each process in mid-stream: after its restart nothing is lost and nothing doubled.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/three_rooms.h"

namespace parley::tests {
namespace {

class Killed : public ThreeRooms {
protected:
    // Alice speaks, `name` dies in the middle and comes back; what bob hears of her, in order.
    std::vector<std::string> stream_through(const std::string& name) {
        for (int i = 0; i < 20; ++i) alice.say("#lobby", fmt::format("stream {}", i));
        house.kill(name);
        for (int i = 20; i < 40; ++i) alice.say("#lobby", fmt::format("stream {}", i));
        house.start(name);
        for (int i = 40; i < 60; ++i) alice.say("#lobby", fmt::format("stream {}", i));
        return bob.hears("#lobby", 60, 30s);
    }
    static std::vector<std::string> whole_stream() {
        std::vector<std::string> out;
        for (int i = 0; i < 60; ++i) out.push_back(fmt::format("<parley> <alice> stream {}", i));
        return out;
    }
};

TEST_F(Killed, TheBrokerLosesAndDoublesNothing) {
    EXPECT_THAT(stream_through("broker"), testing::ElementsAreArray(whole_stream())) << house.logs();
    settle();
    EXPECT_THAT(bob.heard_so_far("#lobby"), testing::IsEmpty());
}

TEST_F(Killed, TheIndexerLosesAndDoublesNothing) {
    EXPECT_THAT(stream_through("indexer"), testing::ElementsAreArray(whole_stream()));
    ASSERT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "stream").size() >= 60; }, 20s)) << house.logs();
    EXPECT_EQ(house.page_hears("web/lobby", "stream").size(), 60U);
}

TEST_F(Killed, ThePageLosesAndDoublesNothing) {
    EXPECT_THAT(stream_through("web"), testing::ElementsAreArray(whole_stream()));
    ASSERT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "stream").size() >= 60; }, 20s)) << house.logs();
    EXPECT_EQ(house.page_hears("web/lobby", "stream").size(), 60U);
}

// IRC gives no way to look up whether a line was said before the bridge died: such a line comes again, and is marked.
TEST_F(Killed, TheBridgeItGoesToLosesNothingAndMarksWhatMayComeTwice) {
    for (int i = 0; i < 20; ++i) alice.say("#lobby", fmt::format("stream {}.", i));
    house.kill("large:irc");
    for (int i = 20; i < 60; ++i) alice.say("#lobby", fmt::format("stream {}.", i));
    house.start("large:irc");
    std::map<std::string, int> plain, marked;
    for (std::string last; last.find("stream 59.") == std::string::npos;) {
        const auto heard = bob.hears("#lobby", 1, 20s);
        ASSERT_EQ(heard.size(), 1U) << "the stream ended after: " << last << house.logs();
        last = heard[0];
        const bool repeated = last.find("(maybe again)") != std::string::npos;
        if (last.find("stream") == std::string::npos) {  // what was said before the stream may have been in doubt, too
            EXPECT_TRUE(repeated) << last;
            continue;
        }
        ++(repeated ? marked : plain)[last.substr(last.rfind("stream"))];
    }
    for (int i = 0; i < 60; ++i) {
        const auto line = fmt::format("stream {}.", i);
        EXPECT_LE(plain[line], 1) << line << " came twice without a mark";
        EXPECT_GE(plain[line] + marked[line], 1) << line << " is lost";
    }
}

}  // namespace
}  // namespace parley::tests
