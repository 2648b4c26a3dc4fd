// What goes over the bus between a client and the broker: one msgpack frame for each. docs/protocol.md has them all.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "broker/bus/client.h"

namespace parley::bus {

constexpr std::uint32_t protocol_version = 1;
// Larger frames are refused unread.
constexpr std::size_t frame_bytes_max = 8 << 20;
using RequestNumber = std::uint64_t;  // chosen by who asks; comes back with the answer

namespace to_broker {

struct Hello {
    std::uint32_t version = protocol_version;
    std::string name;
    Role role{};
};
struct Publish {
    RequestNumber request = 0;
    std::vector<std::string> events;  // encoded; journaled in this order or not at all
};
struct Follow {
    FollowOptions options;
    Sequence after = 0;  // with Start::cursor: this follower has already got everything up to here (a reconnect)
};
struct Acknowledge {
    Sequence sequence = 0;
};
struct Lease {
    std::uint32_t slots = 1;  // jobs that it will hold at once; 0: no more
};
struct Heartbeat {
    std::vector<EventId> leases;
};
struct Finish {
    RequestNumber request = 0;
    EventId lease;
    std::string event;  // encoded RunFinished
};
struct Query {
    RequestNumber request = 0;
    std::string service, method, body;
    std::chrono::milliseconds deadline{};
};
struct Serve {
    std::string service;
};
struct Reply {  // to a from_broker::Query
    RequestNumber request = 0;
    service::Error error;  // code ok: the body counts
    std::string body;
};
struct Ping {};

}  // namespace to_broker

using ToBroker = std::variant<to_broker::Hello, to_broker::Publish, to_broker::Follow, to_broker::Acknowledge, to_broker::Lease,
                              to_broker::Heartbeat, to_broker::Finish, to_broker::Query, to_broker::Serve, to_broker::Reply, to_broker::Ping>;

namespace from_broker {

struct Welcome {
    std::uint32_t version = protocol_version;
    EventId instance;  // of the broker: another after every start
};
struct Published {
    RequestNumber request = 0;
    std::vector<Sequence> sequences;  // one for each event, also where the id was known
};
struct Refused {  // a Publish, Finish, Follow, Hello… that was not carried out; request 0: not tied to one
    RequestNumber request = 0;
    service::Error error;
};
struct Carried {
    Sequence sequence = 0;
    service::Time journaled{};
    std::string event;  // encoded
    std::vector<RoomAddress> recipients;
};
struct Events {
    std::vector<Carried> events;
};
struct JobOffer {
    EventId lease;
    std::string event;  // encoded CommandRequested
    std::uint32_t attempt = 1;
    std::chrono::milliseconds heartbeat_every{1000};
    Sequence sequence = 0;
};
struct Cancel {
    EventId run;
};
struct Finished {
    RequestNumber request = 0;
    Sequence sequence = 0;
};
struct Query {  // to a serving client
    RequestNumber request = 0;
    std::string service, method, body;
    std::chrono::milliseconds deadline{};
};
struct Reply {
    RequestNumber request = 0;
    service::Error error;
    std::string body;
};
struct Who {};  // "I do not know you": say hello again
struct Pong {};

}  // namespace from_broker

using FromBroker = std::variant<from_broker::Welcome, from_broker::Published, from_broker::Refused, from_broker::Events, from_broker::JobOffer,
                                from_broker::Cancel, from_broker::Finished, from_broker::Query, from_broker::Reply, from_broker::Who, from_broker::Pong>;

std::string encode(const ToBroker& frame);
std::string encode(const FromBroker& frame);
// Hostile input: never throws. Fields that a newer version added at the end are passed over.
service::Result<ToBroker> decode_to_broker(std::string_view bytes);
service::Result<FromBroker> decode_from_broker(std::string_view bytes);

}  // namespace parley::bus
