// Numbers in the log, the smallest byte first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::store {

inline void put_little(std::string& to, std::uint64_t number, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) to += static_cast<char>(number >> (8 * i) & 0xFF);
}

// Of all of these bytes.
inline std::uint64_t little(std::string_view bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return number;
}

}  // namespace parley::store
