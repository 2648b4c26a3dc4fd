// What the fuzz targets share: the input as parts, and what must hold of all that comes out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "broker/bus/codec.h"
#include "broker/service/clock.h"
#include "broker/service/invariant.h"
#include "broker/service/log.h"
#include "broker/service/unicode.h"

namespace parley::fuzz {

using service::invariant;

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Everything up to the next `end`, taken off the front.
inline std::string_view take_until(std::string_view& rest, char end) {
    const auto at = std::min(rest.find(end), rest.size());
    const auto part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
}

inline std::uint8_t take_byte(std::string_view& rest) {
    if (rest.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    return byte;
}

// A part with its length in front: two bytes, the larger first.
inline std::string_view take_part(std::string_view& rest) {
    const std::size_t high = take_byte(rest), size = high << 8 | take_byte(rest);
    const auto part = rest.substr(0, size);
    rest.remove_prefix(part.size());
    return part;
}

inline bool valid(std::string_view text) { return service::unicode::valid(text); }
inline bool one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos; }

// Spans lie inside their text and cut no character.
inline void good_text(const bus::Text& text) {
    auto same = text;
    same.normalise();
    invariant(same == text, "a text is normal: valid UTF-8, spans inside it, in order");
}

// What a decoder made of strangers' bytes can be published, and reads back as it was. An id that is still missing is filled.
inline void survives(bus::Event event) {
    if (!event.id) event.id = bus::derived_id({"fuzz"});
    const auto bytes = bus::encode(event);
    invariant(bytes.size() <= bus::event_bytes_max, "an event keeps to the bus's limit");
    const auto again = bus::decode(bytes);
    if (!again) std::fprintf(stderr, "%s\n", again.error().text().c_str());
    invariant(again.has_value(), "an event can be read by the broker");
    event.sequence = 0;
    event.journaled = {};
    invariant(*again == event, "an event survives the bus");
}

// Moves only when the target says so.
struct StoppedClock final : service::Clock {
    service::Steady at{std::chrono::hours(1)};
    service::Time now() const override { return service::Time(std::chrono::seconds(1'700'000'000)); }
    service::Steady steady() const override { return at; }
};

// Targets end the process where something is wrong; what the code under test logs would only be in the way.
inline void be_quiet() {
    static const bool once = (service::log::set_level(service::log::Level::error), true);
    static_cast<void>(once);
}

}  // namespace parley::fuzz
