// Whatever the bytes: a frame that decodes, either way, encodes to bytes that decode to the same.
#include <cstdint>

#include "broker/bus/frames.h"
#include "broker/service/invariant.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto frame = bus::decode_to_broker(bytes)) {
        const auto once = bus::encode(*frame);
        const auto again = bus::decode_to_broker(once);
        service::invariant(again && bus::encode(*again) == once, "a frame to the broker survives a round trip");
    }
    if (const auto frame = bus::decode_from_broker(bytes)) {
        const auto once = bus::encode(*frame);
        const auto again = bus::decode_from_broker(once);
        service::invariant(again && bus::encode(*again) == once, "a frame from the broker survives a round trip");
    }
    return 0;
}
