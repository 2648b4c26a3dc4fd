// The bench counts every message: what a bridge may do wrong, it sees.
#include "tools/measure/ledger.h"

#include <gtest/gtest.h>

namespace parley::measure {
namespace {

using namespace std::chrono_literals;

const Steady::time_point start{};

class Counting : public testing::Test {
protected:
    Counting() { ledger.begin(start); }
    void hear(const std::string& text) { ledger.hear("<someone> " + text + " (bridged)", start + 5ms); }
    Ledger ledger{2};
};

TEST_F(Counting, IsGoodIfEverythingIsHeardOnceAndInOrder) {
    const auto first = ledger.say(0, start), other = ledger.say(1, start), second = ledger.say(0, start + 1ms);
    EXPECT_EQ(ledger.waiting(0), 2U);
    for (const auto& text : {first, second, other}) hear(text);  // the order is each speaker's own
    EXPECT_TRUE(ledger.outcome().good()) << ledger.outcome().text();
    EXPECT_EQ(ledger.outcome().microseconds, (std::vector<double>{5000, 4000, 5000}));
    EXPECT_EQ(ledger.waiting(0), 0U);
}

TEST_F(Counting, SeesWhatIsLost) {
    ledger.say(0, start);
    EXPECT_FALSE(ledger.outcome().good());
    EXPECT_EQ(ledger.outcome().lost(), 1U);
}

TEST_F(Counting, SeesWhatComesTwice) {
    const auto text = ledger.say(0, start);
    hear(text);
    hear(text);
    EXPECT_EQ(ledger.outcome().doubled, 1U);
    EXPECT_FALSE(ledger.outcome().good());
}

TEST_F(Counting, SeesWhatComesAgainFromAnEarlierRun) {
    const auto text = ledger.say(0, start);
    hear(text);
    ledger.begin(start + 1s);
    hear(ledger.say(0, start + 1s));
    EXPECT_TRUE(ledger.outcome().good());
    hear(text);
    EXPECT_EQ(ledger.outcome().doubled, 1U);
}

TEST_F(Counting, SeesWhatIsOutOfOrder) {
    const auto first = ledger.say(0, start), second = ledger.say(0, start);
    hear(second);
    hear(first);
    EXPECT_EQ(ledger.outcome().heard, 2U);
    EXPECT_GT(ledger.outcome().disordered, 0U);
    EXPECT_FALSE(ledger.outcome().good());
}

TEST_F(Counting, PassesOverWhatIsNotOurs) {
    for (const auto* text : {"", "hello", "{}", "{1}", "{1.", "{1.2.x}", "}{", "{99999999999999999999.0.0}"}) ledger.hear(text, start);
    EXPECT_EQ(ledger.outcome().heard + ledger.outcome().doubled, 0U);
    EXPECT_FALSE(ledger.outcome().good());  // nothing was said
}

}  // namespace
}  // namespace parley::measure
