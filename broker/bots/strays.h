// Descendants that outlived the process that started them. To a subreaper they come as its own children.
#pragma once

#include <string>

namespace parley::bots {

void become_subreaper();

// SIGKILL to our children (and what they become parents of, once they fall to us) with this PARLEY_RUN in their
// environment, other than the leaders of process groups that we started ourselves. Bounded.
void kill_strays_of(const std::string& run);
// Reaps those that ended by themselves, without waiting.
void reap_strays();

}  // namespace parley::bots
