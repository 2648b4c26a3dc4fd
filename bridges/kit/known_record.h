// What is known of a message as fields of a record on disk: author id, name, excerpt, "1" if ours, native ids… Its event
// and its reactions are kept elsewhere.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/kit/degrade.h"

namespace parley::kit {

inline std::vector<std::string_view> fields_of(const Known& known) {  // views into it
    std::vector<std::string_view> out{known.author_id, known.author_name, known.excerpt, known.ours ? "1" : ""};
    out.insert(out.end(), known.native_ids.begin(), known.native_ids.end());
    return out;
}

inline std::optional<Known> known_in(const bus::EventId& event, std::span<const std::string_view> fields) {  // nullopt: too few
    if (fields.size() < 4) return std::nullopt;
    return Known{event, {fields.begin() + 4, fields.end()}, std::string(fields[0]), std::string(fields[1]), std::string(fields[2]), !fields[3].empty(), {}};
}

}  // namespace parley::kit
