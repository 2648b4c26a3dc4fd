// Compares what was said with what is shown, after everything has come to rest. It knows the promise and not the code: who should
// have got what is worked out here again, from the gateways alone.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/simulation/chat.h"
#include "tests/faults/simulation/house.h"

namespace parley::simulation {

struct Verdict {
    std::uint64_t said = 0, accepted = 0, deliveries = 0, commands = 0;
    // Each of these is a breach.
    std::uint64_t lost = 0, doubled = 0, reordered = 0, mangled = 0, ran_twice = 0, never_ended = 0;
    // And these are what a marker, a receipt or an outcome says.
    std::uint64_t missed_and_marked = 0, doubled_and_marked = 0, refused_and_said = 0, runs_lost_and_said = 0;
    std::vector<std::string> breaches;  // in words

    void add(const Verdict& other);  // the numbers
};

Verdict check(World& world, House& house, const std::deque<Utterance>& said);

}  // namespace parley::simulation
