#include "broker/service/nearest.h"

#include <algorithm>

namespace parley::service {

// Optimal string alignment (a restricted Damerau-Levenshtein distance), three rows at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string> names, std::size_t count) {
    std::vector<std::pair<std::size_t, std::string>> close;
    for (const auto& name : names) {
        const bool begins = !wanted.empty() && name.starts_with(wanted);
        const std::size_t edits = begins ? 1 : distance(wanted, name);
        if (edits <= std::max<std::size_t>(1, std::max(wanted.size(), name.size()) / 3)) close.emplace_back(edits, name);
    }
    std::stable_sort(close.begin(), close.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < close.size() && i < count; ++i) out.push_back(close[i].second);
    return out;
}

}  // namespace parley::service
