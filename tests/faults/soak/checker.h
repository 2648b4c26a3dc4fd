// Compares what was said with what was heard and with what the archive holds. It knows the promise, not the code, and it
// is pure: its own tests show that it finds each kind of breach.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/soak/record.h"

namespace parley::soak {

struct Verdict {
    std::uint64_t said = 0, unsure = 0;  // those that their own server never showed: they may be told or not
    std::uint64_t heard = 0, archived = 0, commands = 0, gaps = 0;
    // Each of these is a breach.
    std::uint64_t lost = 0, doubled = 0, reordered = 0, mangled = 0, ran_twice = 0, unmarked_gaps = 0;
    std::uint64_t unrests = 0;  // what did not come to rest, or makes the rest of this worth little
    // And these are what a marker says.
    std::uint64_t lost_and_marked = 0, doubled_and_marked = 0, runs_lost_and_marked = 0;
    std::uint64_t vague = 0;  // reactions that a room was told of without saying to what
    std::vector<std::string> breaches;  // in words, at most breaches_max of them

    bool good() const { return lost + doubled + reordered + mangled + ran_twice + unmarked_gaps + unrests == 0; }
    void unrest(std::string words);
    std::string text() const;  // both numbers of each, and the breaches
};
inline constexpr std::size_t breaches_max = 50;

Verdict check(const Record& record);

}  // namespace parley::soak
