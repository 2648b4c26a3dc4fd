// Hands the journal to followers: from each one's place, what its filter lets through, as far as its credit goes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "broker/bus/codec.h"
#include "broker/journal/journal.h"
#include "broker/routing/router.h"
#include "broker/session.h"

namespace parley::broker {

class Pusher {
public:
    using Send = std::function<bool(const bus::Peer&, const bus::FromBroker&)>;
    using Sessions = std::map<bus::Peer, Session>;
    using Moved = std::map<std::string, bus::Sequence>;  // cursors to be written
    static constexpr std::uint32_t credit_max = 65'536;
    static constexpr std::chrono::milliseconds patience_max{1000};  // of a follower, whatever it says

    // `moved`: where the cursors go that have moved.
    Pusher(journal::Journal& journal, const routing::Router& router, service::Reactor& reactor, Sessions& sessions, Moved& moved, Send send)
        : journal_(journal), router_(router), reactor_(reactor), sessions_(sessions), moved_(moved), send_(std::move(send)) {}

    // Sets the session's place. An error (Code ok: none) if it cannot be.
    service::Error begin(Session& session, bus::to_broker::Follow frame, service::Time now);
    void acknowledge(Session& session, bus::Sequence sequence);
    void push(Session& session);
    // Now, or with what comes meanwhile if it has patience: it is woken less often, and out of the way of those who have none.
    void push_soon(Session& session);
    // To all; first to those who are not among `spoke`, calling `between` before the others.
    void push_all(const std::set<bus::Peer>& spoke, const std::function<void()>& between);
    void push_all() { push_all({}, [] {}); }

private:
    bool wants(const bus::FollowOptions& options, const bus::EventHeader& header, std::vector<bus::RoomAddress>& recipients) const;

    journal::Journal& journal_;
    const routing::Router& router_;
    service::Reactor& reactor_;
    Sessions& sessions_;
    Moved& moved_;
    Send send_;
};

}  // namespace parley::broker
