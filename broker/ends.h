// The ends of runs as the broker itself tells them: lost, cancelled before they began, not taken.
#pragma once

#include <string>

#include "broker/jobs/jobs.h"

namespace parley::broker {

// Said by `bot` in the room that asked; the id is derived from run, outcome and attempt, so telling it twice is harmless.
bus::Event end_of(const jobs::Job& job, bus::Outcome outcome, std::string detail, const std::string& shown, service::Time now, const std::string& bot);
// At the limit of open runs a command is not kept waiting: its run ends at once, and the room hears why.
bus::Event too_many(const bus::Event& requested);

}  // namespace parley::broker
