// How a run ended, and what the room is told of it. Pure.
#pragma once

#include <string>

#include "broker/bus/event.h"

namespace parley::bots {

struct End {
    bus::Outcome outcome{};
    std::optional<std::int32_t> exit_code;
    std::chrono::microseconds took{};
    std::string detail;
    std::uint64_t output_bytes = 0, output_lines = 0, hidden_lines = 0;
    bool truncated = false;
};

// Where all of a run can be read: on its page, or where that is shown to nobody, by asking for it again. `…` marks code.
std::string place_of(const bus::EventId& run, const std::string& page, const std::string& prefix);
// Short: nothing at all where the output was the answer; otherwise the outcome, and where the rest is.
std::string closing_line(const std::string& command, const End& end, const std::string& where);
// From a waitpid status: succeeded, or failed with the reason.
End end_from(int wait_status);

}  // namespace parley::bots
