#include "broker/service/clock.h"

#include <gmock/gmock.h>

namespace parley::service {
namespace {

using std::chrono::microseconds;

TEST(Clock, WritesTimeAsIso8601) {
    EXPECT_EQ(iso8601(Time(microseconds(0))), "1970-01-01T00:00:00Z");
    EXPECT_EQ(iso8601(Time(microseconds(1'500'000))), "1970-01-01T00:00:01.500000Z");
    EXPECT_EQ(iso8601(Time(microseconds(-1))), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ReadsWhatItWrites) {
    for (const std::int64_t us : {0LL, 1LL, 951782400000000LL, 1795426560123456LL, -62135596800000000LL, 253402300799999999LL}) {
        const Time time{microseconds(us)};
        EXPECT_EQ(parse_iso8601(iso8601(time)), time) << iso8601(time);
    }
}

TEST(Clock, ReadsDatesZonesAndFractions) {
    EXPECT_EQ(parse_iso8601("2026-11-23"), parse_iso8601("2026-11-23T00:00:00Z"));
    EXPECT_EQ(parse_iso8601("2026-11-23T10:00+02:00"), parse_iso8601("2026-11-23T08:00:00Z"));
    EXPECT_EQ(parse_iso8601("2026-11-23T10:00:00.5"), parse_iso8601("2026-11-23T10:00:00.500000Z"));
}

TEST(Clock, RefusesWhatIsNoTime) {
    for (const auto* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-11-23T24:00", "2026-11-23T10:61", "2026-11-23x",
                            "2026-11-23T10:00:00.", "2026-11-23T10:00:00Zz", "2026-11-23T10:00+25:00", "-026-11-23",
                            "0000-12-31", "0001-01-01T00:00+00:01", "9999-12-31T23:59:60Z", "9999-12-31T23:59-00:01"}) {
        EXPECT_FALSE(parse_iso8601(bad)) << bad;
    }
}

TEST(Clock, SaysDurationsForPeople) {
    EXPECT_EQ(for_people(microseconds(7)), "7 µs");
    EXPECT_EQ(for_people(microseconds(340'000)), "340 ms");
    EXPECT_EQ(for_people(microseconds(1'234'000)), "1.2 s");
    EXPECT_EQ(for_people(std::chrono::minutes(125)), "2 h 5 min");
    EXPECT_EQ(for_people(std::chrono::hours(49)), "2 d 1 h");
}

}  // namespace
}  // namespace parley::service
