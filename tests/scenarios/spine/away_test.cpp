// IRC keeps no history: the time that its bridge was away is marked as missing in every other room and in the archive.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/three_rooms.h"

namespace parley::tests {
namespace {

class Away : public ThreeRooms {
protected:
    // How often a room on the page is told that something of the small network is missing.
    std::size_t gaps_on_page() {
        const auto answer = nlohmann::json::parse(house.get("/api/rooms/" + url_encoded("web/lobby") + "/messages?limit=500").body, nullptr, false);
        std::size_t count = 0;
        if (!answer.is_object()) return count;
        for (const auto& event : answer["events"])
            if (event.value("kind", "") == "gap" && event.value("account", "") == "small" && event.value("room", "") == "#lobby") ++count;
        return count;
    }
};

TEST_F(Away, ABridgeThatIsKilledAndRestartedLeavesAMarkWhereTalkIsMissing) {
    house.kill("small:irc");
    alice.say("#lobby", "nobody hears this");
    alice.heard_so_far("#lobby");  // the server has it
    house.start("small:irc");
    const auto mark = bob.expect("is not available");
    EXPECT_THAT(mark, testing::HasSubstr("on small/#lobby is not available: the bridge was away")) << house.logs();
    EXPECT_THAT(mark, testing::HasSubstr("NOTICE")) << "no person's words";
    EXPECT_TRUE(wait_until([&] { return gaps_on_page() == 1; })) << house.logs();
    alice.say("#lobby", "heard again");
    EXPECT_THAT(bob.hears("#lobby"), testing::ElementsAre("<parley> <alice> heard again"));
    EXPECT_EQ(gaps_on_page(), 1u) << "once";
    EXPECT_TRUE(house.page_hears("web/lobby", "nobody hears this").empty());
}

TEST_F(Away, ALinkThatIsLostLeavesAMarkToo) {
    small.kill();
    small.start();
    EXPECT_THAT(bob.expect("is not available", 30s), testing::HasSubstr("on small/#lobby is not available"));
}

}  // namespace
}  // namespace parley::tests
