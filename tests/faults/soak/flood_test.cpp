// A flood into a gateway with a room whose platform takes two messages a second: the other rooms go on undisturbed, what
// waits is bounded, and a marker tells what did not fit. PARLEY_FLOOD: how many messages.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "tests/faults/soak/faulty.h"
#include "tests/faults/soak/told.h"

namespace parley::soak {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int waiting_max = 50;

class Flood : public Faulty {
protected:
    Flood() {
        stage.emplace(Stage::Options{.more_small = fmt::format("waiting_max = {}\n", waiting_max), .small_per_second = 2,
                                     .more = fmt::format("[gateway.calm]\nrooms = [\"large/#calm\", \"work/{}\"]\n", calm)});
        stage->begin();
        dora.emplace(stage->large.port(), "dora");
        dora->join("#calm");
        emil.emplace(stage->xmpp.port(), "reader");
        if (!emil->join(calm, "emil") || !tests::wait_until([&] {
                dora->say("#calm", "is anybody there?");
                return emil->hears("<dora> is anybody there?", 500ms).has_value();
            }, 30s)) throw std::runtime_error("the calm rooms do not hear each other\n" + stage->house.logs());
    }
    // From a person on InspIRCd to one on Prosody, in rooms that the flood does not touch.
    std::chrono::microseconds usual_way(int times) {
        std::vector<std::chrono::microseconds> took;
        for (int i = 0; i < times; ++i) {
            const auto words = fmt::format("calm {}.", ++said_);
            const auto begin = Clock::now();
            dora->say("#calm", words);
            EXPECT_TRUE(emil->hears("<dora> " + words, 30s)) << stage->house.logs();
            took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
        }
        std::nth_element(took.begin(), took.begin() + times / 2, took.end());
        return took[static_cast<std::size_t>(times / 2)];
    }
    static std::vector<std::string> of_bob(const std::vector<std::string>& lines) {
        std::vector<std::string> out;
        for (const auto& line : lines)
            if (line.starts_with("<bob> ")) out.push_back(last_id(line));
        return out;
    }

    static constexpr auto calm = "calm@conference.localhost";
    std::optional<tests::IrcClient> dora;
    std::optional<tests::XmppClient> emil;

private:
    int said_ = 0;
};

TEST_F(Flood, IntoASlowRoomLeavesOtherRoomsUndisturbedAndMarksWhatDidNotFit) {
    const char* given = std::getenv("PARLEY_FLOOD");
    const auto flood = given != nullptr ? std::strtoul(given, nullptr, 10) : 3000UL;
    const auto last = id_of("bob", static_cast<unsigned>(flood - 1));
    const auto before = usual_way(31);
    stage->bob.flood(static_cast<int>(flood));
    const auto meanwhile = usual_way(31);
    const auto patience = 60s + std::chrono::milliseconds(20 * flood);
    ASSERT_TRUE(tests::wait_until([&] { return stage->carl.has_heard(last); }, patience, 50ms)) << stage->house.logs();
    const auto behind = usual_way(31);  // the slow room has a queue now
    EXPECT_LT(stage->alice.heard().size(), flood / 2) << "it is not slow";

    EXPECT_LE(meanwhile, 5 * before + 100ms) << "in the flood";
    EXPECT_LE(behind, 3 * before + 50ms) << "while much waits for the slow room";
    std::cout << fmt::format("{} messages; a message elsewhere took {} us before, {} us in the flood, {} us while much waited\n", flood, before.count(), meanwhile.count(), behind.count());

    // Elsewhere all of it, once and in order.
    std::vector<std::string> all;
    for (unsigned i = 0; i < flood; ++i) all.push_back(id_of("bob", i));
    EXPECT_THAT(of_bob(stage->carl.heard()), testing::ElementsAreArray(all));

    // In the slow room the first, a marker for what did not fit, and what is said when there is room again.
    ASSERT_TRUE(tests::wait_until([&] {
        const auto heard = stage->alice.heard();
        return std::any_of(heard.begin(), heard.end(), [](const auto& line) { return line.find("too much waited for this room") != std::string::npos; });
    }, 120s, 50ms)) << stage->house.logs();
    const auto end = stage->bob.say_one_more();
    ASSERT_TRUE(tests::wait_until([&] { return stage->alice.has_heard(end); }, 60s, 50ms)) << stage->house.logs();
    const auto heard = of_bob(stage->alice.heard());
    EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end())) << testing::PrintToString(heard);
    EXPECT_EQ(std::adjacent_find(heard.begin(), heard.end()), heard.end()) << "twice";
    EXPECT_LT(heard.size(), flood);
    EXPECT_EQ(heard.front(), id_of("bob", 0));
    EXPECT_EQ(heard.back(), end);
}

}  // namespace
}  // namespace parley::soak
