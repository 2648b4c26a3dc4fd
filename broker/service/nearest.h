// "Did you mean": the closest of some names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::service {

// Edits (insert, delete, replace, swap of neighbours) between two names, in bytes.
std::size_t distance(std::string_view a, std::string_view b);
// The names nearest to `wanted`, best first, at most `count`; only those close enough to be a likely slip.
std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string> names, std::size_t count = 3);

}  // namespace parley::service
