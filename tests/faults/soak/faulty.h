// A whole house with people who talk, for tests that break one thing of it by name.
#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "tests/faults/soak/stage.h"
#include "tests/support/slowdown.h"

namespace parley::soak {

class Faulty : public testing::Test {
protected:
    static constexpr double quick = 8;  // messages a second of each

    void begin(Stage::Options options = {}) {
        stage.emplace(std::move(options));
        stage->begin();
        stage->talk(quick);
        many_more();
    }
    // Until so many more things were said, by those who can speak.
    bool many_more(std::size_t count = 60) {
        const auto all = [&] {
            std::size_t out = 0;
            for (const auto* person : stage->people()) out += person->said().size();
            return out;
        };
        return tests::wait_until([&, before = all()] { return all() >= before + count; }, 30s * tests::slowdown, 20ms);
    }
    // How often the bridge has said in its log that its link is up, or down.
    std::size_t links(const std::string& bridge, const std::string& state) const {
        std::size_t out = 0;
        const auto log = stage->house.log(bridge), words = state == "down" ? std::string(" link down ") : " is=" + state;
        for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++out;
        return out;
    }
    bool link_becomes(const std::string& bridge, const std::string& state, std::size_t before) {
        return tests::wait_until([&] { return links(bridge, state) > before; }, 60s * tests::slowdown, 20ms);
    }
    // Everything said is heard and archived once, in order and whole, or a marker says what is not.
    Verdict expect_all_told() {
        const auto verdict = stage->rest(90s * tests::slowdown);
        EXPECT_TRUE(verdict.good()) << verdict.text() << stage->house.logs();
        if (const char* logs = std::getenv("PARLEY_LOGS"); logs != nullptr && !verdict.good()) stage->save_logs(logs);
        EXPECT_GT(verdict.heard, 100U);
        return verdict;
    }
    // And no marker was needed.
    void expect_all_told_without_a_mark() {
        const auto verdict = expect_all_told();
        EXPECT_EQ(verdict.gaps, 0U) << verdict.text();
        EXPECT_EQ(verdict.lost_and_marked + verdict.doubled_and_marked + verdict.runs_lost_and_marked, 0U) << verdict.text();
    }

    std::optional<Stage> stage;
};

}  // namespace parley::soak
