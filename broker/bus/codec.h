// Events as bytes: msgpack arrays, fields in a fixed order, new ones only at the end. docs/protocol.md has the table
// and a worked example.
#pragma once

#include <string>
#include <string_view>

#include "broker/bus/event.h"
#include "broker/service/result.h"

namespace parley::bus {

constexpr std::uint32_t event_version = 1;
// Larger events are refused by encode's callers and by decode: Code::limit.
constexpr std::size_t event_bytes_max = 1 << 20;

std::string encode(const Event& event);
// Hostile input: never throws, never allocates more than a small multiple of the input. Code::invalid says where,
// Code::unsupported is another version. All texts come out as valid UTF-8 and spans lie within their text.
service::Result<Event> decode(std::string_view bytes);

// What the broker needs to route an event, without building the rest. Views into `bytes`.
struct EventHeader {
    EventId id;
    std::uint32_t kind = 0;
    std::string_view account, room, native_id;
    Visibility visibility{};
};
service::Result<EventHeader> decode_header(std::string_view bytes);

}  // namespace parley::bus
