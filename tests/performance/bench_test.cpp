// tools/bench at its smallest, so that it cannot rot: what it measures is another matter, and no test.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace parley::tests {
namespace {

using testing::HasSubstr;

class Bench : public testing::Test {
protected:
    static Ran bench(std::vector<std::string> more) {
        std::vector<std::string> argv{PARLEY_SOURCE_DIR "/tools/bench", "--bin", PARLEY_BIN_DIR};
        argv.insert(argv.end(), more.begin(), more.end());
        return run(argv, 150s);
    }
    nlohmann::json figures_of(const std::string& part) const {
        const auto file = folder.path() / "figures.json";
        const auto ran = bench({"--tiny", "--only", part, "--json", file.string()});
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
        return nlohmann::json::parse(read_file(file), nullptr, false);
    }
    TempFolder folder;
};

TEST_F(Bench, MeasuresAWholeHouseBesideABareForwarder) {
    const auto figures = figures_of("relay");
    ASSERT_TRUE(figures.contains("relay")) << figures.dump();
    for (const auto* way : {"irc-irc", "irc-xmpp", "xmpp-irc", "bare-irc-irc", "bare-irc-xmpp", "bare-xmpp-irc"}) {
        const auto& one = figures["relay"]["ways"][way];
        EXPECT_EQ(one["paced"][0]["messages"], 50) << way;
        EXPECT_GT(one["paced"][0]["latency"]["p50_us"], 0) << way;
        EXPECT_GT(one["full"][0]["per_second"], 0) << way;
    }
    for (const auto* process : {"broker", "small:irc", "large:irc", "work:xmpp", "indexer", "web", "worker"})
        EXPECT_GT(figures["relay"]["memory"][process]["loaded"]["rss"], 0) << process;
    EXPECT_GT(figures["limits"][0]["disk"]["fdatasync"]["p50_us"], 0);
}

TEST_F(Bench, MeasuresTheBusBesideLmdbAndZeroMq) {
    const auto figures = figures_of("bus");
    ASSERT_TRUE(figures.contains("bus")) << figures.dump();
    const auto& run = figures["bus"]["runs"][0];
    EXPECT_GT(run["one"]["followed"]["p50_us"], run["one"]["durable"]["p50_us"].get<double>() / 10);
    EXPECT_GT(run["many"]["followed_per_second"], 0);
    for (const auto& limits : figures["limits"]) {
        EXPECT_GT(limits["lmdb_64"]["per_second"], 0);
        EXPECT_GT(limits["zmq_64"]["per_second"], 0);
    }
}

TEST_F(Bench, MeasuresWhatAMessageCostsAsTheHouseGrows) {
    const auto figures = figures_of("growth");
    ASSERT_TRUE(figures.contains("growth")) << figures.dump();
    const auto& rows = figures["growth"]["runs"][0]["rows"];
    ASSERT_EQ(rows.size(), 5U);
    for (const auto& row : rows) {
        EXPECT_GT(row["per_second"], 0) << row;
        EXPECT_GT(row["ready_ms"], 0) << row;
    }
}

TEST_F(Bench, MeasuresImportAndTenKindsOfQuery) {
    const auto figures = figures_of("logs");
    ASSERT_TRUE(figures.contains("logs")) << figures.dump();
    EXPECT_EQ(figures["logs"]["queries"].size(), 10U);
    EXPECT_GT(figures["logs"]["messages"], 900);
    EXPECT_GT(figures["logs"]["index_bytes"], 0);
    EXPECT_GT(figures["logs"]["floor"]["append_s"], 0);
}

TEST_F(Bench, FailsIfAProgramGivesNoFigures) {
    const auto ran = run({PARLEY_SOURCE_DIR "/tools/bench", "--tiny", "--only", "bus", "--bin", folder.path().string()}, 30s);
    EXPECT_NE(ran.exit_code, 0);
}

TEST_F(Bench, SaysHowItIsUsed) {
    const auto ran = bench({"--help"});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_THAT(ran.output, HasSubstr("--only relay"));
    EXPECT_EQ(bench({"--only", "nothing"}).exit_code, 2);
}

}  // namespace
}  // namespace parley::tests
