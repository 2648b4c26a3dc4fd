// Whatever the bytes: an event that decodes encodes again to one that is equal, and its header says the same.
#include <cstdint>

#include "broker/bus/codec.h"
#include "broker/bus/event_value.h"
#include "broker/service/invariant.h"
#include "broker/service/unicode.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto event = bus::decode(bytes);
    const auto header = bus::decode_header(bytes);
    if (!event) return 0;
    service::invariant(header.has_value(), "an event that decodes has a header");
    service::invariant(header->id == event->id && header->visibility == event->origin.visibility, "the header is the event's");
    const auto again = bus::decode(bus::encode(*event));
    service::invariant(again && *again == *event, "an event survives a round trip");
    service::invariant(service::unicode::valid(bus::to_value(*event).json()), "JSON is valid UTF-8");
    return 0;
}
