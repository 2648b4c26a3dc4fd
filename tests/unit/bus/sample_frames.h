// A frame of each kind, every field filled, in the order of the variants.
#pragma once

#include "broker/bus/codec.h"
#include "broker/bus/frames.h"
#include "tests/unit/bus/sample_events.h"

namespace parley::bus::samples {

inline std::vector<ToBroker> to_broker_frames() {
    using namespace to_broker;
    const auto event = encode(all().front());
    return {
        Hello{protocol_version, "lobby", Role::worker},
        Publish{7, {event, encode(all()[1])}},
        Follow{{"indexer", FollowOptions::Start::now, {{"ops"}, {{"lobby", "#ops"}}, {Kind::message, Kind::edit}, "work"}, 77}, 1234567890123},
        Acknowledge{99},
        Lease{4},
        Heartbeat{{id_of("lease"), id_of("other")}},
        Finish{8, id_of("lease"), event},
        Query{9, "archive", "search", "body", std::chrono::milliseconds(1500)},
        Serve{"archive"},
        Reply{10, {service::Code::timeout, "too slow", "ask for less"}, "part"},
        Ping{},
    };
}

inline std::vector<FromBroker> from_broker_frames() {
    using namespace from_broker;
    const auto event = encode(all().front());
    const auto moment = service::Time(std::chrono::microseconds(1'795'426'560'300'000));
    return {
        Welcome{protocol_version, id_of("broker")},
        Published{7, {100, 101}},
        Refused{8, {service::Code::denied, "not you", "ask the operator"}},
        Events{{{100, moment, event, {{"work", "ops@conference.example.org"}}}, {101, moment, event, {}}}},
        JobOffer{id_of("lease"), event, 2, std::chrono::milliseconds(1000), 102},
        Cancel{id_of("run")},
        Finished{8, 103},
        Query{9, "archive", "search", "body", std::chrono::milliseconds(1500)},
        Reply{10, {}, "answer"},
        Who{},
        Pong{},
    };
}

// The same frame with one field more at its end (frames have fewer than 15 fields).
inline std::string with_another_field(std::string bytes) {
    bytes[0] = static_cast<char>(bytes[0] + 1);
    return bytes + "\xa3new";
}

}  // namespace parley::bus::samples
