// What the session wants done: values, so that the state machine stays pure. irc_platform.cpp carries them out.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bridges/irc/codec.h"
#include "broker/bus/event.h"
#include "broker/service/error.h"

namespace parley::irc {

struct Send {
    Line line;
};
struct Up {};  // registered: rooms are being joined
struct Fail {  // end this connection; a new one is tried later
    service::Error reason;
};
struct Complain {  // the link is up, but something is not as the settings want it
    service::Error reason;
};
struct RoomChanged {
    std::string room;
    bool joined = false;
    service::Error reason;
    bool kept = false;  // we never left it, but a process of ours that was there before
};
struct Heard {
    bus::Event event;
};
// Something that concerns what we said: an echo, a PONG, a numeric such as 404. For Outgoing.
struct Answer {
    Line line;
};

using Effect = std::variant<Send, Up, Fail, Complain, RoomChanged, Heard, Answer>;
using Effects = std::vector<Effect>;

inline Send send(std::string command, std::vector<std::string> params = {}) {
    return {Line{{}, {}, std::move(command), std::move(params)}};
}

}  // namespace parley::irc
