// A full disk refuses the commit and nothing else: what was acknowledged stays, and writing works again with room.
#include "tests/support/no_more_than.h"
#include "tests/unit/journal/fixture.h"

namespace parley::journal {
namespace {

using testing::ElementsAre;

using support::NoMoreThan;

TEST_F(JournalTest, GoesOnAfterACommitThatFoundTheDiskFull) {
    add({"a"});
    {
        const NoMoreThan limit(256 * 1024);
        Journal::Batch batch(*journal, now);
        for (int i = 0; i < 100; ++i) batch.append(id("large" + std::to_string(i)), std::string(10'000, 'x'));
        try {
            batch.commit();
            FAIL() << "a megabyte went into a quarter of it";
        } catch (const store::Failure& failure) {
            EXPECT_TRUE(failure.full()) << failure.what();
            EXPECT_THAT(failure.what(), testing::HasSubstr("the disk is full"));
        }
    }
    EXPECT_THAT(from(1), ElementsAre("a"));
    add({"b"});
    EXPECT_THAT(from(1), ElementsAre("a", "b"));
    open();
    EXPECT_THAT(from(1), ElementsAre("a", "b"));
}

TEST_F(JournalTest, GoesOnAfterTheStoreReachedItsLimit) {
    open({.map_bytes = 256 * 1024});
    add({"a"});
    {
        Journal::Batch batch(*journal, now);
        EXPECT_THROW(batch.append(id("large"), std::string(1'000'000, 'x')), store::Failure);
    }
    add({"b"});
    EXPECT_THAT(from(1), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace parley::journal
