// Time, as a parameter: a Clock can be simulated.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace parley::service {

// Wall-clock time, UTC, microseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
// Time that never steps back; only differences mean something.
using Steady = std::chrono::time_point<std::chrono::steady_clock>;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    virtual Steady steady() const = 0;
};

class SystemClock final : public Clock {
public:
    Time now() const override;
    Steady steady() const override;
};

// "2026-11-23T09:36:00.123456Z"; the fraction is left out when it is zero.
std::string iso8601(Time time);
// Reads what iso8601 writes, and "YYYY-MM-DD" and "YYYY-MM-DDThh:mm[:ss[.frac]]", with "Z", "±hh:mm" or nothing (UTC).
std::optional<Time> parse_iso8601(std::string_view text);
// "1.2 s", "340 ms", "2 h 5 min": for people.
std::string for_people(std::chrono::microseconds duration);

}  // namespace parley::service
