// Everything that can go wrong with a house on real servers, one entry each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/faults/soak/stage.h"

namespace parley::soak {

struct Fault {
    std::string name;                // "kill broker"
    std::vector<std::string> where;  // what it breaks: two faults that share one of these do not happen at once
    std::chrono::milliseconds least, most;  // how long it lasts
    std::function<void()> begin, end;       // the end may take as long as somebody needs to come back
};

// The stage outlives them.
std::vector<Fault> faults_of(Stage& stage);

}  // namespace parley::soak
