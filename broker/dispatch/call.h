// Is this message addressed to us, and what does it ask? Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/bus/text.h"

namespace parley::dispatch {

struct Call {
    std::string name;       // as typed, in lower case
    std::string arguments;  // what follows, auto-links undone
    std::size_t begin = 0;  // where `arguments` begins in the message without auto-links: for positions in errors
    friend bool operator==(const Call&, const Call&) = default;
};

// "!uptime -p", "parley: uptime -p", "parley, uptime", "@parley uptime", and the same with a mention span.
// The prefix must begin the message, and a letter must follow; otherwise it is talk.
std::optional<Call> find_call(const bus::Text& text, std::string_view prefix, std::string_view bot_name);

}  // namespace parley::dispatch
