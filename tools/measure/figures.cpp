#include "tools/measure/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace parley::measure {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else out += c;
    }
    return out + '"';
}

}  // namespace

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(values.size() - 1, rank == 0 ? 0 : rank - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

Json& Json::raw(std::string_view name, std::string_view value) {
    if (!inside_.empty()) inside_ += ", ";
    inside_ += quoted(name) + ": ";
    inside_ += value;
    return *this;
}
Json& Json::add(std::string_view name, double value) { return raw(name, fmt::format("{:.10g}", value)); }
Json& Json::add(std::string_view name, std::string_view text) { return raw(name, quoted(text)); }
Json& Json::add(std::string_view name, const Json& object) { return raw(name, object.text()); }
Json& Json::add(std::string_view name, const std::vector<Json>& objects) {
    std::string list;
    for (const auto& object : objects) list += (list.empty() ? "" : ", ") + object.text();
    return raw(name, "[" + list + "]");
}

Json latency(const std::vector<double>& microseconds) {
    return Json()
        .add("count", static_cast<double>(microseconds.size()))
        .add("p50_us", percentile(microseconds, 0.5))
        .add("p99_us", percentile(microseconds, 0.99));
}

Options::Options(int argc, char** argv, std::string usage) : usage_(std::move(usage)) {
    for (int at = 1; at < argc; at += 2) {
        const std::string name = argv[at];
        if (!name.starts_with("--") || at + 1 >= argc) {
            fmt::print(stderr, "{}\n", usage_);
            std::exit(2);
        }
        given_.emplace_back(name.substr(2), argv[at + 1]);
    }
}

std::string Options::text(std::string_view name, std::string unsaid) {
    const auto found = std::find_if(given_.begin(), given_.end(), [&](const auto& one) { return one.first == name; });
    if (found == given_.end()) return unsaid;
    auto value = found->second;
    given_.erase(found);
    return value;
}

double Options::number(std::string_view name, double unsaid) {
    const auto value = text(name, "");
    if (value.empty()) return unsaid;
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (*end == '\0' && number > 0) return number;
    fmt::print(stderr, "--{} takes a number above 0, not \"{}\"\n{}\n", name, value, usage_);
    std::exit(2);
}

void Options::finish() const {
    if (given_.empty()) return;
    fmt::print(stderr, "there is no option --{}\n{}\n", given_.front().first, usage_);
    std::exit(2);
}

}  // namespace parley::measure
