// `parley trace`: the life of one message, as far as it has come.
#include <nlohmann/json.hpp>

#include "tests/scenarios/cli/cli.h"
#include "tests/scenarios/spine/three_rooms.h"

namespace parley::tests {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class Trace : public ThreeRooms {
protected:
    Said trace(const std::string& id, std::vector<std::string> more = {}) const {
        std::vector<std::string> words{"trace", id, "--settings", house.settings_file().string()};
        words.insert(words.end(), more.begin(), more.end());
        return parley(std::move(words));
    }
    std::string id_of(const std::string& words) {
        nlohmann::json hits;
        EXPECT_TRUE(wait_until([&] { return (hits = house.search(words)).size() == 1; }, 20s)) << house.logs();
        return hits.empty() ? "" : hits[0]["id"].get<std::string>();
    }
    nlohmann::json way_into(const std::string& room, const std::string& id) const {
        const auto said = trace(id, {"--json"});
        EXPECT_EQ(said.code, good) << said.err;
        const auto whole = nlohmann::json::parse(said.out);
        for (const auto& one : whole["rooms"])
            if (one["room"] == room) return one;
        return {};
    }
};

TEST_F(Trace, TellsWhenAMessageWasWhere) {
    alice.say("#lobby", "follow the xylophone");
    bob.expect("xylophone");
    const auto id = id_of("xylophone");
    EXPECT_TRUE(wait_until([&] { return way_into("large/#lobby", id)["state"] == "delivered"; }, 20s)) << house.logs();
    EXPECT_EQ(way_into("web/lobby", id)["state"], "shown");

    const auto whole = nlohmann::json::parse(trace(id, {"--json"}).out);
    EXPECT_LE(whole["received_us"].get<std::int64_t>(), whole["journaled_us"].get<std::int64_t>());
    const auto way = way_into("large/#lobby", id);
    EXPECT_LE(whole["journaled_us"].get<std::int64_t>(), way["taken_us"].get<std::int64_t>());
    EXPECT_LE(way["taken_us"].get<std::int64_t>(), way["said_us"].get<std::int64_t>());
    EXPECT_LE(way["said_us"].get<std::int64_t>(), way["at_us"].get<std::int64_t>());
    EXPECT_EQ(way["attempts"], 1);
    const auto said = trace(id.substr(0, 8));
    EXPECT_THAT(said.out, ContainsRegex("taken by its bridge\n.* said to the platform\n.* confirmed"));
    EXPECT_THAT(said.out, HasSubstr("message by alice in small/#lobby"));
    EXPECT_THAT(said.out, HasSubstr("on disk in the journal"));
    EXPECT_THAT(said.out, HasSubstr("large/#lobby"));
}

// What was said and not confirmed before its server died is said again: the trace tells how often.
TEST_F(Trace, TellsHowOftenItWasSaid) {
    large.freeze();
    alice.say("#lobby", "count the zithers");
    const auto id = id_of("zithers");
    EXPECT_TRUE(wait_until([&] { return trace(id).out.find("no answer yet") != std::string::npos; }, 20s)) << trace(id).out;
    large.kill();
    large.start();
    EXPECT_TRUE(wait_until([&] { return way_into("large/#lobby", id)["state"] == "delivered"; }, 60s)) << trace(id).out << house.logs();
    EXPECT_GE(way_into("large/#lobby", id)["attempts"], 2);
    EXPECT_THAT(trace(id).out, ContainsRegex("said to the platform, for the [2-9]. time"));
}

TEST_F(Trace, TellsWhyAMessageIsNotThereYet) {
    house.kill("large:irc");
    alice.say("#lobby", "mind the yellow marimba");
    const auto id = id_of("marimba");
    EXPECT_EQ(way_into("large/#lobby", id)["state"], "waiting");
    EXPECT_THAT(trace(id).out, HasSubstr("no answer yet; its bridge does not run: it waits in the journal"));

    large.kill();
    house.start("large:irc");
    EXPECT_TRUE(wait_until([&] { return trace(id).out.find("no answer yet; the link is ") != std::string::npos; }, 20s)) << trace(id).out;
}

TEST_F(Trace, KnowsNothingOfWhatIsNotThere) {
    const auto said = trace("zzzzzzzz");
    EXPECT_EQ(said.code, failed);
    EXPECT_THAT(said.err, HasSubstr("zzzzzzzz"));
}

}  // namespace
}  // namespace parley::tests
