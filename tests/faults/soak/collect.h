// Reading back what the house holds.
#pragma once

#include <vector>

#include "tests/faults/soak/record.h"
#include "tests/support/house.h"

namespace parley::soak {

// By `parley export`; throws std::runtime_error if it does not answer.
std::vector<Archived> exported(const tests::House& house);
// A room of the page as people see it there, without what is said on the page itself.
Ear page_talk(const tests::House& house, const std::string& room);
// How often a command's program noted each id.
std::map<std::string, int> counted(const std::string& notes);

}  // namespace parley::soak
