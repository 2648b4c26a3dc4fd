// kill -9 of every process of the house at random moments under load, by seed. PARLEY_KILLS: how many; PARLEY_SEED: which.
#include <fmt/format.h>

#include <random>

#include "tests/faults/soak/faulty.h"

namespace parley::soak {
namespace {

unsigned long given(const char* name, unsigned long usual) {
    const char* value = std::getenv(name);
    return value != nullptr ? std::strtoul(value, nullptr, 10) : usual;
}

class KilledAtRandom : public Faulty {};

TEST_F(KilledAtRandom, NothingIsLostOrDoubledWithoutAMarkWhicheverProcessDiesWhenever) {
    const auto seed = given("PARLEY_SEED", std::random_device{}()), kills = given("PARLEY_KILLS", 10);
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    begin();
    const std::vector<std::string> names{"broker", "worker", "indexer", "web", "small:irc", "large:irc", "work:xmpp"};
    for (unsigned long i = 0; i < kills; ++i) {
        const auto& name = names[random() % names.size()];
        // After some messages: while they are under way, or a moment later.
        const auto said = stage->alice.said().size() + random() % 12;
        tests::wait_until([&] { return stage->alice.said().size() >= said; }, 20s, std::chrono::milliseconds(1 + random() % 5));
        stage->house.restart(name);
        EXPECT_TRUE(stage->house.running(name)) << name << " does not start again";
    }
    many_more();
    expect_all_told();
}

}  // namespace
}  // namespace parley::soak
