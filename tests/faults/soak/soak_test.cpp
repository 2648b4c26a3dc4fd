// A short soak, of a fixed length: every fault may come; tools/soak runs it for as long as one likes. PARLEY_SEED: which.
#include <fmt/format.h>

#include <iostream>
#include <random>

#include "tests/faults/soak/faulty.h"
#include "tests/faults/soak/run.h"

namespace parley::soak {
namespace {

TEST(Soak, LosesAndDoublesNothingWithoutAMarkWhateverGoesWrong) {
    const char* given = std::getenv("PARLEY_SEED");
    Plan plan;
    plan.seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    plan.talk = 30s;
    plan.rest_limit = 90s * tests::slowdown;
    // At once, so that a run that is ended from outside has said what it did.
    const auto begin = std::chrono::steady_clock::now();
    plan.tell = [&](const std::string& line) {
        std::cout << fmt::format("{:6.2f}  {}", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), line) << std::endl;
    };
    plan.tell(fmt::format("seed {}", plan.seed));
    Stage stage;
    stage.begin();
    const auto outcome = run(stage, plan);
    EXPECT_TRUE(outcome.verdict.good()) << "seed " << plan.seed << "\n" << outcome.verdict.text() << stage.house.logs();
    EXPECT_GT(outcome.faults.size(), 5U);
    std::cout << outcome.verdict.text();
}

}  // namespace
}  // namespace parley::soak
