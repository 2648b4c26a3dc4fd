// The promise, seed by seed; that a seed is a run; and that what is broken is found.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "tests/faults/simulation/run.h"
#include "tests/faults/simulation/world.h"

namespace parley::simulation {
namespace {

using ::testing::IsEmpty;
using ::testing::Values;

struct Folder {
    Folder() {
        std::string name = (std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/parley-simulation-XXXXXX");
        path = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

class Simulation : public testing::TestWithParam<std::uint64_t> {
protected:
    static constexpr std::uint64_t seeds = 500;  // in each part
    Folder folder_;
};

TEST_P(Simulation, KeepsThePromiseWhateverGoesWrong) {
    Verdict all;
    for (auto seed = GetParam(); seed < GetParam() + seeds; ++seed) {
        const auto report = run({seed, folder_.path, false, {}});
        EXPECT_EQ(report.stuck, "") << "tools/simulate --seed " << seed;
        EXPECT_THAT(report.verdict.breaches, IsEmpty()) << "tools/simulate --seed " << seed;
        all.add(report.verdict);
    }
    EXPECT_GT(all.deliveries, seeds * 20);
    EXPECT_GT(all.missed_and_marked, 0U);
    EXPECT_GT(all.doubled_and_marked, 0U);
    EXPECT_GT(all.runs_lost_and_said, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, Values(1, 501, 1001, 1501));

TEST(Seed, IsAlwaysTheSameRun) {
    const Folder folder, other;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto first = run({seed, folder.path, false, {}}), again = run({seed, other.path, false, {}}), next = run({seed + 1, folder.path, false, {}});
        EXPECT_EQ(first.fingerprint, again.fingerprint) << seed;
        EXPECT_NE(first.fingerprint, next.fingerprint) << seed;
    }
}

TEST(Seed, ThatGoesOnAndOnIsCutShort) {
    World world(1);
    std::function<void()> again = [&] { world.after(0, again); };
    again();
    world.run_until(1_s);
    EXPECT_TRUE(world.goes_on_and_on());
}

// What is broken on purpose, and what must be found then.
struct Broken {
    const char* name;
    Sabotage how;
    std::uint64_t Verdict::* found;
    std::uint64_t within;  // seeds
};
void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class Checker : public testing::TestWithParam<Broken> {};

TEST_P(Checker, FindsWhatIsBroken) {
    const Folder folder;
    for (std::uint64_t seed = 1; seed <= GetParam().within; ++seed) {
        if (run({seed, folder.path, false, GetParam().how}).verdict.*GetParam().found > 0) return;
    }
    FAIL() << "in " << GetParam().within << " seeds nothing was found";
}

INSTANTIATE_TEST_SUITE_P(Sabotage, Checker,
                         Values(Broken{"TheBrokerAcknowledgesBeforeItIsOnDisk", {{}, {}, "commits"}, &Verdict::lost, 100},
                                Broken{"TheJournalTakesAnEventTwice", {"journal_ids.generations", {}, {}}, &Verdict::doubled, 100},
                                Broken{"ACommandThatIsPublishedTwiceIsRunTwice", {"journal_ids.generations", {}, {}}, &Verdict::ran_twice, 300},
                                Broken{"TheOutboxForgets", {{}, "outbox", {}}, &Verdict::lost, 200},
                                Broken{"TheOutboxForgetsWhatWasSent", {{}, "outbox_states", {}}, &Verdict::doubled, 1000},
                                Broken{"ABridgeTakesADeliveryTwice", {"taken.generations", {}, {}}, &Verdict::doubled, 200},
                                Broken{"TheSpoolForgets", {{}, {}, "spool"}, &Verdict::lost, 400},
                                Broken{"SyncingDoesNothing", {{}, {}, "sync"}, &Verdict::lost, 200},
                                Broken{"ABridgeForgetsWhenItWasThere", {{}, "alive", {}}, &Verdict::lost, 100},
                                Broken{"ABridgeForgetsWhatItSawLast", {{}, "seen", {}}, &Verdict::lost, 2000},
                                Broken{"TheBrokerForgetsOpenRuns", {{}, "jobs", {}}, &Verdict::never_ended, 200},
                                Broken{"FramesOvertakeEachOther", {{}, {}, "frames"}, &Verdict::reordered, 200},
                                Broken{"WordsAreCutShort", {{}, {}, "words"}, &Verdict::mangled, 100}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace parley::simulation
