// A line that a bridge said, read back: whose words it tells, and whether they came whole. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/faults/soak/record.h"

namespace parley::soak {

inline constexpr std::string_view doubt_mark = "(maybe again) ";

using SaidById = std::map<std::string, const Said*>;

struct Told {
    std::string id;       // as in Said; answers by answer_to(), reactions by reaction_of(), of "" if it is not said to what. Empty: of nobody that is known
    bool whole = true;    // the words are those that were said
    bool doubted = false; // it says itself that it may come again
};

// nullopt: it tells nobody's words (a marker, an answer of the house, a mark of the run itself).
std::optional<Told> told(std::string_view line, const SaidById& said);

// The last id in a text: before it may stand what it answers to. Empty: there is none.
std::string last_id(std::string_view text);

// "12:03-12:41 on small/#lobby is not available: why": the room; nullopt: no such line.
std::optional<std::string> gap_told(std::string_view line);
// "`tell` was lost: … (run 1myf8zdz)": the beginning of the run's id.
std::optional<std::string> lost_run_told(std::string_view line);

}  // namespace parley::soak
