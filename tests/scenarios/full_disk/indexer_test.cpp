// The indexer on a full disk: the archive or the index stands still, answers go on, and it catches up by itself.
#include "tests/scenarios/full_disk/on_a_small_disk.h"

namespace parley::tests {
namespace {

using testing::HasSubstr;

class FullIndexer : public OnASmallDisk, public testing::WithParamInterface<const char*> {
protected:
    std::int64_t found(const std::string& query) {
        return ask("archive", "search", bus::Value::map({{"query", query}, {"viewer", bus::Value::map({{"operator", true}})}}))["total"].number(-1);
    }
};

TEST_P(FullIndexer, AnswersMeanwhileAndHasEverythingAfterwards) {
    const std::string part = GetParam();
    begin(part);
    publish("an early persimmon");
    ASSERT_TRUE(wait_until([&] { return found("persimmon") == 1; }, 20s)) << house.logs();
    disk->fill();
    // Texts of many rare words, so that the index grows, too.
    const auto text = [&](int i) {
        std::string words = fmt::format("late quince {}.", i);
        for (int k = 0; k < 200; ++k) words += fmt::format(" {:x}", static_cast<unsigned>(i) * 2654435761U + static_cast<unsigned>(k) * 40503U);
        return words;
    };
    const int said = until_full("indexer", fmt::format("the {} cannot be written", part), [&](int i) { EXPECT_TRUE(publish(text(i))); });

    EXPECT_EQ(found("persimmon"), 1) << "what is there is still found";
    EXPECT_THAT(ask("archive", "status")["trouble"].text(), HasSubstr(fmt::format("the {} cannot be written", part)));
    house.say("web/lobby", "!status");
    EXPECT_FALSE(alice.expect(fmt::format("trouble: archive: the {} cannot be written", part), 20s).empty()) << house.logs();
    nothing_has_ended();

    disk->make_room();
    EXPECT_TRUE(wait_until([&] { return found("quince") == said; }, 30s)) << found("quince") << " of " << said << house.log("indexer");
    EXPECT_TRUE(wait_until([&] { return ask("archive", "status")["trouble"].text().empty(); }, 20s));
    nothing_has_ended();
}

INSTANTIATE_TEST_SUITE_P(Of, FullIndexer, testing::Values("archive", "index"), [](const auto& made) { return std::string(made.param); });

}  // namespace
}  // namespace parley::tests
