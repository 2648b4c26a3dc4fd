// Whatever the bytes: a value that decodes survives a round trip, and its JSON is valid UTF-8 on one line.
#include <cstdint>

#include "broker/bus/value.h"
#include "broker/service/invariant.h"
#include "broker/service/unicode.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = bus::Value::decode({reinterpret_cast<const char*>(data), size});
    if (!value) return 0;
    const auto again = bus::Value::decode(value->encode());
    const auto json = value->json();
    service::invariant(again && again->json() == json, "a value survives a round trip");
    service::invariant(service::unicode::valid(json) && json.find('\n') == std::string::npos, "JSON is one line of valid UTF-8");
    return 0;
}
