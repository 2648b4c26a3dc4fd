// What retention removes, and what it never does.
#include "tests/unit/journal/fixture.h"

namespace parley::journal {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class RetentionTest : public JournalTest {
protected:
    RetentionTest() { add({"a", "b", "c", "d"}); }
    void acknowledge(std::string_view name, bus::Sequence sequence) { ASSERT_TRUE(journal->create_cursor(name, sequence, now)); }
    Retention retention{.age = 24h, .id_age = 240h, .records_per_sweep = 100};
};

TEST_F(RetentionTest, KeepsWhatADurableFollowerHasNotAcknowledged) {
    acknowledge("indexer", 4);
    acknowledge("lobby", 2);
    now += 25h;
    EXPECT_EQ(journal->sweep(retention, now), 2U);
    EXPECT_EQ(journal->first(), 3U);
    EXPECT_THAT(from(0), ElementsAre("c", "d"));
}

TEST_F(RetentionTest, KeepsEverythingWhileNobodyFollowsDurably) {
    now += 25h;
    EXPECT_EQ(journal->sweep(retention, now), 0U);
}

TEST_F(RetentionTest, KeepsYoungEvents) {
    acknowledge("indexer", 4);
    now += 23h;
    EXPECT_EQ(journal->sweep(retention, now), 0U);
}

TEST_F(RetentionTest, KeepsTheNewestSoThatNoSequenceIsGivenTwice) {
    acknowledge("indexer", 4);
    now += 25h;
    EXPECT_EQ(journal->sweep(retention, now), 3U);
    open();
    EXPECT_EQ(journal->first(), 4U);
    add({"e"});
    EXPECT_THAT(from(0), ElementsAre("d", "e"));
    EXPECT_EQ(journal->last(), 5U);
}

TEST_F(RetentionTest, RemovesNoMoreInOneSweepThanItMay) {
    acknowledge("indexer", 4);
    now += 25h;
    retention.records_per_sweep = 2;
    EXPECT_EQ(journal->sweep(retention, now), 2U);
    EXPECT_EQ(journal->sweep(retention, now), 1U);
    EXPECT_EQ(journal->sweep(retention, now), 0U);
}

TEST_F(RetentionTest, DropsALateCopyOfARemovedEventUntilItsIdIsForgotten) {
    acknowledge("indexer", 4);
    now += 25h;
    journal->sweep(retention, now);
    const auto fresh = [&] { return Journal::Batch(*journal, now).append(id("a"), "a").fresh; };
    EXPECT_FALSE(fresh());
    now += 240h;
    journal->sweep(retention, now);
    EXPECT_TRUE(fresh());
}

}  // namespace
}  // namespace parley::journal
