// The worker program itself: what dies is started again, and leaves nothing behind.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/support/process.h"

namespace parley::tests {
namespace {

std::vector<pid_t> children_of(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    std::vector<pid_t> out;
    for (pid_t child = 0; in >> child;) out.push_back(child);
    return out;
}

TEST(Pool, StartsAgainTheWorkerThatWasKilledAndEndsWithAllOfThem) {
    const TempFolder folder;
    const auto settings = folder.write("parley.toml", "[parley]\ndata = \"" + folder.path().string() + "\"\n");
    Process pool({{PARLEY_BIN_DIR "/parley-worker", "--settings", settings.string(), "--workers", "2"}, folder.path() / "log"});
    ASSERT_TRUE(wait_until([&] { return children_of(pool.pid()).size() == 2; })) << pool.output();
    const auto before = children_of(pool.pid());
    ::kill(before[0], SIGKILL);
    ASSERT_TRUE(wait_until([&] {
        const auto now = children_of(pool.pid());
        return now.size() == 2 && now[0] != before[0] && now[1] != before[0];
    })) << pool.output();
    const auto last = children_of(pool.pid());
    pool.signal(SIGTERM);
    EXPECT_EQ(pool.wait(), 0) << pool.output();
    for (const pid_t pid : last) EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Pool, RefusesANumberOfWorkersThatMakesNoSense) {
    const TempFolder folder;
    const auto settings = folder.write("parley.toml", "");
    EXPECT_NE(run({PARLEY_BIN_DIR "/parley-worker", "--settings", settings.string(), "--workers", "0"}).exit_code, 0);
}

}  // namespace
}  // namespace parley::tests
