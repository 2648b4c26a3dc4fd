// Up to when all that a server said has certainly reached us.
#include "bridges/irc/certain.h"

#include <gtest/gtest.h>

namespace parley::irc {
namespace {

using namespace std::chrono_literals;

class CertainOf : public testing::Test {
protected:
    CertainOf() { certain.opened(start); }

    // A line that the server said `said` after the start by its clock, and that comes at `comes`.
    void line(std::chrono::milliseconds comes, std::chrono::milliseconds said, bool in_batch = false) {
        Line line{{{"time", service::iso8601(servers_noon + said)}}, "bob!b@h", "PRIVMSG", {"#ops", "hello"}};
        if (in_batch) line.tags.emplace_back("batch", "1");
        certain.heard(line, start + comes);
    }
    std::chrono::milliseconds until() const { return std::chrono::duration_cast<std::chrono::milliseconds>(certain.until() - start); }

    const service::Steady start{1h};
    const service::Time servers_noon{12h};  // what its clock shows at the start, which may be wrong
    Certain certain;
};

TEST_F(CertainOf, NothingIsKnownBeyondTheBeginning) {
    certain.heard({{}, "bob!b@h", "PRIVMSG", {"#ops", "without a tag"}}, start + 9s);
    EXPECT_EQ(until(), 0ms);
}

TEST_F(CertainOf, AnAnswerTellsThatAllBeforeItsQuestionIsHere) {
    certain.asked("one", start + 2s);
    certain.answered("another", start + 3s);
    EXPECT_EQ(until(), 0ms);
    EXPECT_TRUE(certain.asking());
    certain.answered("one", start + 7s);
    EXPECT_EQ(until(), 2s);
    EXPECT_FALSE(certain.asking());
}

TEST_F(CertainOf, TagsTellHowFarBehindALineIs) {
    line(100ms, 100ms);
    EXPECT_EQ(until(), 100ms);
    line(5s, 2s);  // it was three seconds on its way
    EXPECT_EQ(until(), 2s);
    line(6s, 6s);
    EXPECT_EQ(until(), 6s);
}

TEST_F(CertainOf, WhatIsNotAnsweredYetMayHoldUpAllElse) {
    certain.asked("one", start + 1s);
    certain.answered("one", start + 1400ms);
    line(2s, 2s);
    EXPECT_EQ(until(), 1600ms) << "a fast line may have taken as long as there and back";
    certain.asked("two", start + 3s);
    line(8s, 8s);
    EXPECT_EQ(until(), 3s);
}

TEST_F(CertainOf, ItNeverGoesBackAndHistoryTellsNothing) {
    line(1s, 1s);
    line(2s, -1h, true);
    EXPECT_EQ(until(), 1s);
    line(3s, -1h);
    EXPECT_EQ(until(), 1s);
    line(4s, 4s);
    EXPECT_EQ(until(), 4s);
}

TEST_F(CertainOf, AClockThatIsSetBackIsFoundOutByTheNextAnswer) {
    line(1s, 1s);
    line(2s, -58s);
    EXPECT_EQ(until(), 1s);
    certain.asked("one", start + 3s);
    certain.answered("one", start + 3s);
    line(4s, -56s);
    EXPECT_EQ(until(), 3s);
    line(5s, -55s);
    EXPECT_EQ(until(), 4s) << "within a second of what it is";
}

TEST_F(CertainOf, AServerThatAnswersByAnotherWordIsAskedAnew) {
    certain.asked("one", start + 1s);
    certain.asked("two", start + 30s);
    certain.answered("two", start + 31s);
    EXPECT_EQ(until(), 0ms) << "the first one still waits";
    certain.asked("three", start + 90s);
    certain.answered("three", start + 91s);
    EXPECT_EQ(until(), 90s);
}

}  // namespace
}  // namespace parley::irc
