// A run by its plan: people talk, faults come and go by a seed, and at the end all of it comes to rest and is judged.
#pragma once

#include <map>

#include "tests/faults/soak/faults.h"

namespace parley::soak {

struct Plan {
    std::uint64_t seed = 0;
    std::chrono::milliseconds talk = 60s, rest_limit = 180s;
    double per_second = 2;           // of each person
    std::size_t at_once_max = 2;     // faults
    std::chrono::milliseconds pause_most = 2500ms;  // between the beginnings of two
    std::vector<std::string> only;   // faults whose name contains one of these; empty: all
    std::function<void(const std::string&)> tell;  // what happens, line by line
};

struct Outcome {
    Verdict verdict;
    std::map<std::string, int> faults;  // how often each
    std::chrono::milliseconds to_rest{0};
};

Outcome run(Stage& stage, const Plan& plan);  // of a stage that has begun

}  // namespace parley::soak
