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

}  // namespace
}  // namespace parley::service
