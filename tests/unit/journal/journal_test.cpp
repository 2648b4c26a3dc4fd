// Appending, reading and cursors. Retention and full disks have files of their own.
#include "tests/unit/journal/fixture.h"

namespace parley::journal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(JournalTest, NumbersEventsFromOneInTheOrderOfAppending) {
    Journal::Batch batch(*journal, now);
    EXPECT_EQ(batch.append(id("a"), "a").sequence, 1U);
    EXPECT_EQ(batch.append(id("b"), "b").sequence, 2U);
    EXPECT_EQ(batch.last(), 2U);
    EXPECT_EQ(journal->last(), 0U) << "nothing counts before the commit";
    batch.commit();
    EXPECT_EQ(journal->last(), 2U);
    EXPECT_THAT(from(1), ElementsAre("a", "b"));
    EXPECT_THAT(from(2), ElementsAre("b"));
    EXPECT_THAT(from(3), IsEmpty());
}

TEST_F(JournalTest, GivesAKnownIdItsFirstSequenceAndKeepsTheFirstBytes) {
    add({"a", "b"});
    Journal::Batch batch(*journal, now);
    const auto again = batch.append(id("a"), "something else");
    EXPECT_FALSE(again.fresh);
    EXPECT_EQ(again.sequence, 1U);
    EXPECT_TRUE(batch.append(id("c"), "c").fresh);
    EXPECT_FALSE(batch.append(id("c"), "c").fresh) << "twice in one commit";
    batch.commit();
    EXPECT_THAT(from(1), ElementsAre("a", "b", "c"));
}

TEST_F(JournalTest, KeepsWhenItTookEachEvent) {
    add({"a"});
    const store::ReadTxn txn(*env);
    const auto record = journal->read(txn, 1);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->journaled, now);
    EXPECT_EQ(record->id, id("a"));
    EXPECT_FALSE(journal->read(txn, 2));
}

TEST_F(JournalTest, ForgetsABatchThatWasNotCommitted) {
    add({"a"});
    { Journal::Batch(*journal, now).append(id("b"), "b"); }
    add({"c"});
    EXPECT_THAT(from(1), ElementsAre("a", "c"));
    EXPECT_EQ(journal->last(), 2U);
}

TEST_F(JournalTest, GoesOnWhereItWasAfterARestart) {
    add({"a", "b"});
    ASSERT_TRUE(journal->create_cursor("indexer", 1, now));
    open();
    EXPECT_EQ(journal->last(), 2U);
    EXPECT_EQ(journal->cursor("indexer")->sequence, 1U);
    add({"a", "c"});
    EXPECT_THAT(from(1), ElementsAre("a", "b", "c"));
}

TEST_F(JournalTest, MovesCursorsWithACommit) {
    add({"a", "b", "c"});
    ASSERT_TRUE(journal->create_cursor("lobby", 0, now));
    now += std::chrono::seconds(5);
    Journal::Batch batch(*journal, now);
    batch.move_cursor("lobby", 2);
    batch.move_cursor("nobody", 2);
    batch.commit();
    ASSERT_EQ(journal->cursors().size(), 1U);
    EXPECT_EQ(journal->cursor("lobby")->sequence, 2U);
    EXPECT_EQ(journal->cursor("lobby")->moved, now);
    EXPECT_TRUE(journal->forget_cursor("lobby"));
    EXPECT_FALSE(journal->forget_cursor("lobby"));
}

TEST_F(JournalTest, RefusesCursorNamesThatCannotBeStored) {
    EXPECT_EQ(journal->create_cursor("", 0, now).error().code, service::Code::invalid);
    EXPECT_EQ(journal->create_cursor(std::string(201, 'x'), 0, now).error().code, service::Code::invalid);
    EXPECT_FALSE(journal->cursor(std::string(600, 'x')));
    EXPECT_FALSE(journal->forget_cursor(std::string(600, 'x')));
}

TEST_F(JournalTest, SaysThatItIsDamagedWhereARecordIsCutShort) {
    add({"a"});
    {
        store::Table records(*env, "journal");
        store::WriteTxn txn(*env);
        records.put(txn, store::key_of(1), "short");
        txn.commit();
    }
    EXPECT_THROW(from(1), store::Failure);
}

}  // namespace
}  // namespace parley::journal
