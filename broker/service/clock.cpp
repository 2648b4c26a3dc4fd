#include "broker/service/clock.h"

#include <fmt/format.h>

#include <charconv>

namespace parley::service {
namespace {

// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || end != text.data() + digits || text[0] == '-') return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    std::int64_t micros = 0;
    std::int64_t scale = 100000;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        micros += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    return std::chrono::microseconds(micros);
}

std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
    using std::chrono::minutes;
    if (text.empty()) return minutes(0);
    if (take(text, 'Z')) return minutes(0);
    const int sign = text.front() == '-' ? -1 : 1;
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto hours = take_number(text, 2);
    take(text, ':');
    const auto mins = take_number(text, 2);
    if (!hours || !mins || *hours > 23 || *mins > 59) return std::nullopt;
    return minutes(sign * (*hours * 60 + *mins));
}

// The years 1 to 9999: what iso8601 can write, and what an event may hold.
std::optional<Time> within(Time time) {
    using namespace std::chrono;
    constexpr Time first{sys_days(year(1) / 1 / 1)}, end{sys_days(year(10000) / 1 / 1)};
    return time < first || time >= end ? std::nullopt : std::optional(time);
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}
Steady SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string iso8601(Time time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<microseconds>(time - day));
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (const auto fraction = clock.subseconds().count()) text += fmt::format(".{:06}", fraction);
    return text + "Z";
}

std::optional<Time> parse_iso8601(std::string_view text) {
    using namespace std::chrono;
    const auto y = take_number(text, 4);
    if (!y || !take(text, '-')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take(text, '-')) return std::nullopt;
    const auto d = take_number(text, 2);
    if (!d) return std::nullopt;
    const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    Time result{sys_days(date)};
    if (text.empty()) return within(result);
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    result += hours(*hour) + minutes(*minute);
    if (take(text, ':')) {
        const auto second = take_number(text, 2);
        if (!second || *second > 60) return std::nullopt;  // 60: a leap second
        result += seconds(*second);
        if (take(text, '.')) {
            const auto fraction = take_fraction(text);
            if (!fraction) return std::nullopt;
            result += *fraction;
        }
    }
    const auto zone = take_zone(text);
    if (!zone || !text.empty()) return std::nullopt;
    return within(result - *zone);
}

std::string for_people(std::chrono::microseconds duration) {
    const double s = static_cast<double>(duration.count()) / 1e6;
    if (s < 0.0005) return fmt::format("{} µs", duration.count());
    if (s < 0.9995) return fmt::format("{:.0f} ms", s * 1e3);
    if (s < 59.95) return fmt::format("{:.1f} s", s);
    const auto whole = std::chrono::round<std::chrono::seconds>(duration).count();
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
    return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

}  // namespace parley::service
