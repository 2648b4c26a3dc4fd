// What Prometheus reads from a house at work: the numbers are right, its own tool takes them, and whatever the alerts and
// the dashboard name is there.
#include <fstream>
#include <regex>
#include <set>

#include "tests/scenarios/spine/three_rooms.h"

namespace parley::tests {
namespace {

using testing::IsSubsetOf;

class Metrics : public ThreeRooms {
protected:
    std::string scraped() const { return house.get("/metrics").body; }
    // The value of a sample, its labels as they are printed; -1: there is none.
    double sample(const std::string& name_and_labels) const {
        const auto text = scraped();
        const auto at = text.find("\n" + name_and_labels + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + name_and_labels.size() + 2));
    }
    static std::string packaged(const std::string& file) { return std::string(PARLEY_SOURCE_DIR) + "/tools/packaging/" + file; }
    static std::set<std::string> names_in(const std::string& text) {
        static const std::regex name("parley_[a-z_]+");
        std::set<std::string> out;
        for (auto it = std::sregex_iterator(text.begin(), text.end(), name); it != std::sregex_iterator(); ++it) out.insert(it->str());
        return out;
    }
};

TEST_F(Metrics, CountWhatWasSaidAndTellWhoIsThere) {
    const auto before = sample("parley_account_delivered_total{account=\"large\"}");
    for (int i = 0; i < 5; ++i) alice.say("#lobby", fmt::format("count me {}", i));
    bob.expect("count me 4");
    EXPECT_TRUE(wait_until([&] { return sample("parley_account_delivered_total{account=\"large\"}") >= before + 5; })) << scraped();
    EXPECT_GE(sample("parley_account_received_total{account=\"small\",kind=\"message\"}"), 5);
    EXPECT_EQ(sample("parley_account_link_up{account=\"small\"}"), 1);
    EXPECT_EQ(sample("parley_account_rooms_joined{account=\"small\"}"), 1);
    EXPECT_GT(sample("parley_broker_commit_seconds_count"), 0);
    EXPECT_GT(sample("parley_process_resident_bytes{process=\"indexer\"}"), 1 << 20);
    EXPECT_EQ(sample("parley_up{process=\"account.large\"}"), 1);

    house.kill("large:irc");
    alice.say("#lobby", "while it is away");
    EXPECT_TRUE(wait_until([&] { return sample("parley_up{process=\"account.large\"}") == 0; }, 20s)) << scraped();
    EXPECT_TRUE(wait_until([&] { return sample("parley_follower_connected{follower=\"bridge:large\"}") == 0; }, 30s)) << scraped();
    EXPECT_TRUE(wait_until([&] { return sample("parley_follower_lag_seconds{follower=\"bridge:large\"}") > 1; }, 20s)) << scraped();
    EXPECT_GE(sample("parley_follower_lag_events{follower=\"bridge:large\"}"), 1);
}

TEST_F(Metrics, HaveAllThatTheAlertsAndTheDashboardName) {
    house.restart("small:irc");
    house.kill("large:irc");
    const auto delivered = "parley_account_delivered_total{account=\"small\"}", received = "parley_account_received_total{account=\"small\",kind=\"message\"}";
    ASSERT_TRUE(wait_until([&] {
        house.say("web/lobby", "are you back?");
        alice.say("#lobby", "I am");
        return sample(delivered) > 0 && sample(received) > 0;
    }, 20s)) << scraped();
    auto there = names_in(scraped());
    // Only there once they have happened.
    there.insert({"parley_account_refused_total", "parley_account_links_lost_total", "parley_broker_refused_total", "parley_web_request_seconds_bucket"});
    EXPECT_THAT(names_in(read_file(packaged("prometheus-alerts.yml"))), IsSubsetOf(there));
    EXPECT_THAT(names_in(read_file(packaged("grafana-dashboard.json"))), IsSubsetOf(there));
}

TEST_F(Metrics, ReadWellByPrometheusOwnTool) {
    if (!find_program("promtool")) GTEST_SKIP() << "promtool is not installed (Debian's package prometheus)";
    const auto file = (house.folder() / "metrics").string();
    std::ofstream(file) << scraped();
    const auto said = run({"sh", "-c", "promtool check metrics < " + file});
    EXPECT_EQ(said.exit_code, 0) << said.output;
}

TEST(Alerts, ReadWellByPrometheusOwnTool) {
    if (!find_program("promtool")) GTEST_SKIP() << "promtool is not installed (Debian's package prometheus)";
    const auto said = run({"promtool", "check", "rules", std::string(PARLEY_SOURCE_DIR) + "/tools/packaging/prometheus-alerts.yml"});
    EXPECT_EQ(said.exit_code, 0) << said.output;
}

}  // namespace
}  // namespace parley::tests
