// What the broker knows of one connected process.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "broker/bus/server.h"
#include "broker/service/reactor.h"

namespace parley::broker {

struct Following {
    bus::FollowOptions options;
    bus::Sequence next = 1;            // the first that it has not been sent or spared
    std::deque<bus::Sequence> unacked; // sent, oldest first; never more than the credit
};

struct Session {
    bus::Peer peer;
    std::string name;
    bus::Role role{};
    bool stalled = false;  // a bridge whose events could not be written: none of it is taken until it says hello again
    service::Steady heard{};
    std::optional<Following> following;
    std::uint32_t slots = 0;  // jobs it will hold at once
    std::set<std::string> services;
    service::Reactor::Handle push_later;  // if it follows with patience, and there is something
};

}  // namespace parley::broker
