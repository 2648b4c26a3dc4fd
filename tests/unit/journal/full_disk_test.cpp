// A full disk refuses the commit and nothing else: what was acknowledged stays, and writing works again with room.
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/journal/fixture.h"

namespace parley::journal {
namespace {

using testing::ElementsAre;

// Files may not grow beyond this while it lives: the system's own way to be out of room.
class NoMoreThan {
public:
    explicit NoMoreThan(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~NoMoreThan() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

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
