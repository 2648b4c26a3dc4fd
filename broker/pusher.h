// Hands the journal to followers: from each one's place, what its filter lets through, as far as its credit goes.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "broker/bus/codec.h"
#include "broker/journal/journal.h"
#include "broker/routing/router.h"
#include "broker/session.h"

namespace parley::broker {

class Pusher {
public:
    using Send = std::function<bool(const bus::Peer&, const bus::FromBroker&)>;
    using Moved = std::map<std::string, bus::Sequence>;  // cursors to be written
    static constexpr std::uint32_t credit_max = 65'536;

    Pusher(journal::Journal& journal, const routing::Router& router) : journal_(journal), router_(router) {}

    // Sets the session's place. An error (Code ok: none) if it cannot be.
    service::Error begin(Session& session, bus::to_broker::Follow frame, service::Time now);
    void acknowledge(Session& session, bus::Sequence sequence, Moved& moved);
    void push(Session& session, const Send& send, Moved& moved);

private:
    bool wants(const bus::FollowOptions& options, const bus::EventHeader& header, std::vector<bus::RoomAddress>& recipients) const;

    journal::Journal& journal_;
    const routing::Router& router_;
};

}  // namespace parley::broker
