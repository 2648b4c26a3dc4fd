// A disk that fails writes (EIO) under one store after the other: it is said, nothing ends, nothing is acknowledged that is
// not written, and when the disk is good again everything is there: once, in order.
#include <fstream>

#include "tests/scenarios/full_disk/on_a_small_disk.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class BadDisk : public OnASmallDisk {
protected:
    void SetUp() override {
        OnASmallDisk::SetUp();
        ::setenv("PARLEY_TEST_BAD_DISK", flag().c_str(), 1);
        ::setenv("LD_PRELOAD", PARLEY_BAD_DISK, 1);
    }
    void TearDown() override {
        ::unsetenv("LD_PRELOAD");
        ::unsetenv("PARLEY_TEST_BAD_DISK");
    }
    std::filesystem::path flag() const { return house.folder() / "bad_disk"; }
    // `part`: below the house's data.
    void turn_bad(const std::string& part, const std::string& how = {}) const {
        const auto fresh = flag().string() + ".new";
        std::ofstream(fresh) << (house.folder() / "data" / part).string() << how;
        std::filesystem::rename(fresh, flag());
    }
    void turn_good() const { std::filesystem::remove(flag()); }
    std::int64_t found(const std::string& query) {
        return ask("archive", "search", bus::Value::map({{"query", query}, {"viewer", bus::Value::map({{"operator", true}})}}))["total"].number(-1);
    }
    void expect_said_in_the_room(const std::string& start, int said) {
        std::vector<std::string> wanted, heard;
        for (const auto& line : numbered(start, said)) wanted.push_back("<parley> " + line);
        while (heard.size() < wanted.size()) {
            const auto next = alice.hears("#lobby", 1, 30s);
            ASSERT_EQ(next.size(), 1U) << heard.size() << " of " << wanted.size() << house.logs();
            if (next[0].find(start) != std::string::npos) heard.push_back(next[0]);
        }
        EXPECT_THAT(heard, ElementsAreArray(wanted));
    }
};

TEST_F(BadDisk, UnderTheJournalLosesNothingOfABridge) {
    begin("journal");
    turn_bad("journal");
    const int said = until_full("broker", "the journal cannot be written", [&](int i) { alice.say("#lobby", fmt::format("heard {}.", i)); });
    EXPECT_THAT(ask("broker", "status")["trouble"].text(), HasSubstr("check the disk"));
    EXPECT_GE(house.post("/api/rooms/web%2Flobby/messages", R"({"text":"refused"})").status, 500);
    nothing_has_ended();
    turn_good();
    expect_all_heard(said);
    EXPECT_EQ(ask("broker", "status")["trouble"].text(), "");
    nothing_has_ended();
}

TEST_F(BadDisk, UnderTheSpoolStopsTheBridgeListeningAndMissesNothing) {
    begin("bridges/small");
    turn_bad("bridges/small/spool");
    const int said = until_full("small:irc", "nothing more is taken from the platform", [&](int i) { alice.say("#lobby", fmt::format("heard {}.", i)); });
    EXPECT_THAT(status_in_the_room(), HasSubstr("trouble: account.small"));
    nothing_has_ended();
    turn_good();
    expect_all_heard(said);
    nothing_has_ended();
}

TEST_F(BadDisk, UnderTheOutboxLeavesAtTheBrokerWhatIsToBeSaid) {
    begin("bridges/small");
    turn_bad("bridges/small/store");
    const int said = until_full("small:irc", "cannot write to the outbox", [&](int i) { EXPECT_TRUE(publish(fmt::format("to be said {}.", i))); });
    EXPECT_THAT(status_in_the_room(), HasSubstr("trouble: account.small"));
    nothing_has_ended();
    turn_good();
    expect_said_in_the_room("to be said", said);
    nothing_has_ended();
}

class BadDiskOfTheIndexer : public BadDisk, public testing::WithParamInterface<const char*> {};

TEST_P(BadDiskOfTheIndexer, AnswersMeanwhileAndHasEverythingAfterwards) {
    const std::string part = GetParam();
    begin(part);
    publish("an early persimmon");
    ASSERT_TRUE(wait_until([&] { return found("persimmon") == 1; }, 20s)) << house.logs();
    turn_bad(part);
    const int said = until_full("indexer", fmt::format("the {} cannot be written", part), [&](int i) { EXPECT_TRUE(publish(fmt::format("late quince {}.", i))); });
    EXPECT_EQ(found("persimmon"), 1) << "what is there is still found";
    nothing_has_ended();
    turn_good();
    EXPECT_TRUE(wait_until([&] { return found("quince") == said; }, 30s)) << found("quince") << " of " << said << house.log("indexer");
    EXPECT_TRUE(wait_until([&] { return ask("archive", "status")["trouble"].text().empty(); }, 20s));
    nothing_has_ended();
}

INSTANTIATE_TEST_SUITE_P(Of, BadDiskOfTheIndexer, testing::Values("archive", "index"), [](const auto& made) { return std::string(made.param); });

// LMDB gives up for good when it cannot write which commit is the last: the broker ends, and whoever starts it again finds
// everything that was acknowledged. It comes to that when the journal's log is brought into its tables, every few thousand events.
TEST_F(BadDisk, UnderTheJournalsLastWordEndsTheBrokerWhichGoesOnWhenItIsStartedAgain) {
    begin("journal");
    turn_bad("journal/data.mdb", " meta");
    int said = 0;
    const bool ended = wait_until([&] {
        alice.say("#lobby", fmt::format("heard {}.", said++));
        for (int i = 0; i < 500; ++i) publish_elsewhere();
        reactor.run_for(20ms);
        return !house.running("broker");
    }, 20s, 1ms);
    ASSERT_TRUE(ended) << house.logs();
    EXPECT_THAT(house.log("broker"), HasSubstr("until this process is started again"));
    turn_good();
    house.start("broker");
    expect_all_heard(said);
}

}  // namespace
}  // namespace parley::tests
