#include "broker/service/metrics.h"

#include <gmock/gmock.h>

namespace parley::service {
namespace {

using testing::HasSubstr;

TEST(Metrics, PrintsCountersWithLabelsEscaped) {
    Metrics metrics;
    metrics.counter("parley_messages_total", "Messages", {{"room", "a\"b\n"}}).add(3);
    EXPECT_EQ(metrics.prometheus(),
              "# HELP parley_messages_total Messages\n# TYPE parley_messages_total counter\nparley_messages_total{room=\"a\\\"b\\n\"} 3\n");
}

TEST(Metrics, GivesTheSameValueForTheSameNameAndLabels) {
    Metrics metrics;
    metrics.gauge("lag", "Lag", {{"f", "x"}}).set(4);
    EXPECT_EQ(metrics.gauge("lag", "Lag", {{"f", "x"}}).get(), 4);
    EXPECT_EQ(metrics.gauge("lag", "Lag", {{"f", "y"}}).get(), 0);
}

TEST(Metrics, CountsEachObservationInItsBucketAndAllAbove) {
    Metrics metrics;
    auto& h = metrics.histogram("took_seconds", "Took");
    h.observe(std::chrono::microseconds(60));
    h.observe(std::chrono::hours(1));
    const auto text = metrics.prometheus();
    EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"5e-05\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"0.0001\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("took_seconds_bucket{le=\"+Inf\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("took_seconds_count 2\n"));
}

TEST(Metrics, PrintsMicrosecondsAsSeconds) {
    Metrics metrics;
    metrics.seconds_gauge("lag_seconds", "Lag").set(1'500'000);
    EXPECT_EQ(metrics.prometheus(), "# HELP lag_seconds Lag\n# TYPE lag_seconds gauge\nlag_seconds 1.5\n");
}

TEST(Metrics, OfSeveralProcessesNameEachFamilyOnce) {
    Metrics one, other;
    one.gauge("up", "Is it", {{"p", "one"}}).set(1);
    one.counter("a_total", "A").add(2);
    other.gauge("up", "Is it", {{"p", "other"}}).set(0);
    EXPECT_EQ(Metrics::merged({one.prometheus(), "no metrics at all\n", other.prometheus()}),
              "# HELP a_total A\n# TYPE a_total counter\na_total 2\n"
              "# HELP up Is it\n# TYPE up gauge\nup{p=\"one\"} 1\nup{p=\"other\"} 0\n");
}

TEST(Metrics, KnowWhatTheProcessUses) {
    Metrics metrics;
    measure_process(metrics, "me");
    EXPECT_GT(metrics.gauge("parley_process_resident_bytes", "", {{"process", "me"}}).get(), 1 << 20);
    EXPECT_GT(metrics.gauge("parley_process_open_files", "", {{"process", "me"}}).get(), 2);
    EXPECT_GT(metrics.counter("parley_process_cpu_seconds_total", "", {{"process", "me"}}).get(), 0);
}

}  // namespace
}  // namespace parley::service
