// Reads msgpack, value by value, as views into the input. The first thing that does not fit makes it refuse everything
// after: callers read on and ask good() at the end. It never throws, allocates, or recurses. Writing is in writer.h.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "broker/service/result.h"

namespace parley::bus {

enum class Type : std::uint8_t { nil, boolean, integer, real, text, bytes, array, map, other, end };

class Reader {
public:
    explicit Reader(std::string_view input) : input_(input) {}

    // Each gives zero or nothing where it refuses.
    std::uint64_t natural(std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
    std::int64_t integer(std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                         std::int64_t most = std::numeric_limits<std::int64_t>::max());
    bool boolean();
    double real();  // an integer is one, too
    std::string_view text();
    std::string_view bytes();
    void nil();
    std::uint32_t array();  // how many values follow; never more than could be there
    std::uint32_t map();    // how many pairs follow
    // An array of at least `least` values: how many more there are. Read them with rest().
    std::uint32_t fields(std::uint32_t least);
    // Passes over `values` whole values, whatever they hold, and gives their bytes.
    std::string_view rest(std::uint32_t values);

    Type next() const;
    bool big_natural() const;  // the next value is an integer beyond 2^63-1
    bool good() const { return fault_ == nullptr; }
    void refuse(const char* fault);
    void finish();  // refuses what follows the last value
    std::size_t position() const { return at_; }
    std::size_t left() const { return input_.size() - at_; }
    service::Error error(std::string_view subject) const;  // "the event is malformed at byte 17: text expected"

private:
    bool has(std::size_t bytes);
    std::uint64_t big_endian(std::size_t bytes);
    std::string_view take(std::size_t bytes);
    bool number(std::uint64_t& magnitude, bool& negative);
    std::size_t step();  // past one value's head and content; how many values it holds

    std::string_view input_;
    std::size_t at_ = 0;
    std::size_t fault_at_ = 0;
    const char* fault_ = nullptr;
};

}  // namespace parley::bus
