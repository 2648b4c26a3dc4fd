#include "web/pages/layout.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "broker/bus/with_code.h"
#include "broker/service/unicode.h"
#include "web/pages/assets.h"
#include "web/pages/rich_text.h"
#include "web/server/http.h"

namespace parley::pages {
namespace {

constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};

std::chrono::sys_days day_point(std::int64_t time_us) {
    return std::chrono::floor<std::chrono::days>(service::Time(std::chrono::microseconds(time_us)));
}

std::string two(unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); }

Html navigation(const Frame& frame) {
    struct Entry {
        std::string_view key, address, label;
    };
    constexpr std::array<Entry, 4> entries{{{"search", "/", "Search"},
                                            {"rooms", "/rooms", "Rooms"},
                                            {"commands", "/commands", "Commands"},
                                            {"status", "/status", "Status"}}};
    Html out;
    for (const Entry& entry : entries) {
        out += markup(
            "<a href=\"{}\"{}>{}</a>",
            {entry.address, entry.key == frame.here ? trusted(" aria-current=\"page\"") : Html(), entry.label});
    }
    return out;
}

}  // namespace

std::string document(const Frame& frame, const Html& content) {
    const Html me = frame.name.empty() ? Html()
                                       : markup("<a class=\"me\" href=\"/me\" title=\"You\">{}<span>{}</span></a>",
                                                {avatar(frame.name), frame.name});
    const Html search = frame.here == "search" || frame.name.empty()
                            ? Html()
                            : markup(
                                  "<form class=\"quick\" role=\"search\" action=\"/search\"><input type=\"search\" "
                                  "name=\"q\" value=\"{}\" placeholder=\"Search\" "
                                  "aria-label=\"Search all rooms\" autocomplete=\"off\" maxlength=\"1000\"><kbd "
                                  "aria-hidden=\"true\">/</kbd></form>",
                                  {frame.query});
    const std::string title = frame.title.empty() ? frame.house : frame.title + " · " + frame.house;
    return markup(
               "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" "
               "content=\"light dark\">"
               "<link rel=\"icon\" href=\"{}\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{}\"><script "
               "type=\"module\" src=\"{}\"></script></head>\n"
               "<body{}><a class=\"skip\" href=\"#content\">Skip to the content</a>"
               "<header class=\"top\"><a class=\"brand\" href=\"/\"><svg viewBox=\"0 0 32 32\" "
               "aria-hidden=\"true\"><path d=\"M5 6h15a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-8l-5 4v-4H5a3 3 0 0 1-3-3V9a3 "
               "3 0 0 1 3-3z\"/>"
               "<path class=\"second\" d=\"M26 12h1a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-1v4l-5-4h-7a3 3 0 0 "
               "1-2.6-1.5l1.4-1.5h6.200a6 6 0 0 0 6-6z\"/></svg><span>{}</span></a>"
               "<nav aria-label=\"Main\">{}</nav>{}{}</header>\n<main id=\"content\" "
               "tabindex=\"-1\">{}</main>\n</body></html>\n",
               {title, asset_address("icon.svg"), asset_address("parley.css"), asset_address("parley.js"),
                frame.wide ? trusted(" class=\"wide\"") : Html(), frame.house,
                frame.name.empty() ? Html() : navigation(frame), search, me, content})
        .text();
}

std::string room_address(std::string_view room, std::int64_t around, std::string_view id) {
    std::string out = "/room/" + server::encode(room);
    if (around > 0) out += "?around=" + std::to_string(around);
    if (!id.empty()) out += "#m-" + std::string(id);
    return out;
}
std::string run_address(std::string_view run) { return "/run/" + server::encode(run); }
std::string search_address(std::string_view query, std::string_view order, std::int64_t offset) {
    server::Pairs pairs{{"q", std::string(query)}};
    if (!order.empty() && order != "newest") pairs.emplace_back("order", order);
    if (offset > 0) pairs.emplace_back("offset", std::to_string(offset));
    return "/search?" + server::form(pairs);
}
std::string asset_address(std::string_view name) {
    return "/assets/" + std::string(asset_version()) + "/" + std::string(name);
}

Html when(std::int64_t time_us, bool day) {
    const auto time = service::Time(std::chrono::microseconds(time_us));
    const auto whole = service::iso8601(std::chrono::floor<std::chrono::seconds>(time));
    const auto shown = (day ? day_of(time_us) + " " : std::string()) + whole.substr(11, 5);
    return markup("<time datetime=\"{}\" title=\"{} UTC\">{}</time>",
                  {whole, whole.substr(0, 10) + " " + whole.substr(11, 8), shown});
}

std::string day_of(std::int64_t time_us) {
    const std::chrono::year_month_day date{day_point(time_us)};
    return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) + "-" +
           two(static_cast<unsigned>(date.day()));
}

std::string long_day(std::int64_t time_us) {
    const auto point = day_point(time_us);
    const std::chrono::year_month_day date{point};
    return std::string(weekdays[std::chrono::weekday(point).c_encoding()]) + ", " +
           std::to_string(static_cast<unsigned>(date.day())) + " " +
           std::string(months[static_cast<unsigned>(date.month()) - 1]) + " " +
           std::to_string(static_cast<int>(date.year()));
}

// The colour follows the name: somebody who goes by one name on several networks looks the same from each.
Html avatar(std::string_view name) {
    std::uint32_t hue = 2166136261U;
    for (const char c : name) hue = (hue ^ static_cast<unsigned char>(c)) * 16777619U;
    const auto valid = service::unicode::repaired(name.empty() ? "?" : name);
    std::string first = valid.substr(0, service::unicode::grapheme_end(valid, 0));
    if (first.size() == 1) first[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(first[0])));
    return markup("<span class=\"avatar hue-{}\" aria-hidden=\"true\">{}</span>", {(hue >> 8) % 10, first});
}

Html badge(std::string_view outcome) {
    std::string words(outcome);
    std::replace(words.begin(), words.end(), '_', ' ');
    return markup("<span class=\"badge {}\">{}</span>", {outcome, words});
}

std::string grouped(std::int64_t number) {
    std::string out = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
        out.insert(static_cast<std::size_t>(at), "\u202F");
    return out;
}

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
    return grouped(count) + " " + std::string(count == 1 ? one : many);
}

Html problem(const service::Error& error) {
    const auto words = [](std::string_view sentence) { return rich_text(bus::with_code(sentence)); };
    return markup("<div class=\"problem\" role=\"alert\"><p>{}.</p>{}</div>",
                  {words(error.what), error.hint.empty() ? Html() : markup("<p class=\"hint\">{}</p>", {words(error.hint)})});
}

}  // namespace parley::pages
