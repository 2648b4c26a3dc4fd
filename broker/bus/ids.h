// Identifiers of events.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "broker/service/random.h"

namespace parley::bus {

// A place in the journal, from 1 on. 0 means "not journaled".
using Sequence = std::uint64_t;

// 128 bits. As text: 26 characters of Crockford's base32, lower case (no i, l, o, u).
struct EventId {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const EventId&, const EventId&) = default;
    explicit operator bool() const { return *this != EventId{}; }
    std::string text() const;
    std::string brief() const { return text().substr(0, 8); }  // what people type: `!show 7zqk2m0c`
    std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
    static std::optional<EventId> from_text(std::string_view text);    // exactly 26 characters, any case
    static std::optional<EventId> from_bytes(std::string_view bytes);  // exactly 16 bytes
};

// The id of what happened on a platform: seeing it twice gives the same id. BLAKE2b-128 over the parts, each preceded
// by its length in bytes (u32, little-endian). The parts, by convention, are account, room, native id, kind, revision.
EventId derived_id(std::initializer_list<std::string_view> parts);
EventId random_id(service::Random& random);

}  // namespace parley::bus

template <>
struct std::hash<parley::bus::EventId> {
    std::size_t operator()(const parley::bus::EventId& id) const noexcept {
        return std::hash<std::string_view>{}(id.view());
    }
};
