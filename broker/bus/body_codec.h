// The bodies of events as msgpack, and the small values that they share. For this folder's .cpp files only.
#pragma once

#include "broker/bus/event.h"
#include "broker/bus/reader.h"
#include "broker/bus/writer.h"

namespace parley::bus {

// Always valid UTF-8: what is not is repaired, so that no event is lost for it and nobody after us meets it.
std::string read_text(Reader& in);
EventId read_id(Reader& in);          // 16 bytes, or none for the empty id
service::Time read_time(Reader& in);  // within the years 1 to 9999

void write_id(Writer& w, const EventId& id);

std::size_t body_bytes(const Body& body);  // about how many it takes
void write_body(Writer& w, const Event& event);
void read_body(Reader& in, std::uint32_t kind, Event& event);  // with more_body

}  // namespace parley::bus
