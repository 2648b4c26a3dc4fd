// What a client has told the one who follows through it, and who is done with what.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "broker/bus/client.h"

namespace parley::bus {

struct Following {
    FollowOptions options;
    std::function<void(std::vector<Followed>)> events;
    Sequence got = 0;  // the last that came
    bool any = false;
    Sequence handed = 0;        // the last that was told
    Sequence acknowledged = 0;  // by who was told
    // What came after the last that was told was known already, or cannot be read: nobody else is done with it.
    Sequence done() const { return acknowledged >= handed ? std::max(acknowledged, got) : acknowledged; }
};

}  // namespace parley::bus
