// The keys and values of the archive's tables as bytes. docs/formats.md describes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/bus/event.h"
#include "indexer/archive/archive.h"

namespace parley::archive::records {

// log: sequence -> journaled time (8 bytes), encoded event.
std::string log_value(const bus::Event& event);
std::optional<bus::Event> event_from(std::string_view sequence_key, std::string_view log_value);

// natives: 16 bytes over (account, room, native id).
std::string native_key(const bus::RoomAddress& room, std::string_view native_id);
// members: 16 bytes over (account, id), then the room's number.
std::string person_key(std::string_view account, std::string_view id);
// names: kind, "n", number -> name; and kind, "t", 16 bytes over the name -> number.
std::string name_by_number_key(NameKind kind, std::uint32_t number);
std::string number_by_name_key(NameKind kind, std::string_view name);
// commands: 16 bytes over the name, then the sequence.
std::string command_key(std::string_view command);
// room_times: room number (4), time + 2^63 (8), sequence (8).
std::string room_time_key(std::uint32_t room, service::Time time, std::string_view sequence);

std::string four_bytes(std::uint32_t number);
std::uint32_t from_four_bytes(std::string_view bytes);

// The run that an event belongs to; zero: none. A request belongs to itself.
bus::EventId run_of(const bus::Event& event);
// What an edit, redaction or reaction is about; nullptr: it is none of those.
const bus::Reference* target_of(const bus::Event& event);

}  // namespace parley::archive::records
