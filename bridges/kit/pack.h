// Several strings in one, for values on disk: each is preceded by its length (u32, little-endian).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::kit {

inline std::string pack(const std::vector<std::string_view>& parts) {
    std::string out;
    for (const auto part : parts) {
        const auto size = static_cast<std::uint32_t>(part.size());
        for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(size >> shift & 0xFF);
        out += part;
    }
    return out;
}

// Views into `bytes`. nullopt if a length points outside.
inline std::optional<std::vector<std::string_view>> unpack(std::string_view bytes) {
    std::vector<std::string_view> out;
    while (!bytes.empty()) {
        if (bytes.size() < 4) return std::nullopt;
        std::uint32_t size = 0;
        for (int i = 0; i < 4; ++i)
            size |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]))
                    << (8 * i);
        bytes.remove_prefix(4);
        if (size > bytes.size()) return std::nullopt;
        out.push_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return out;
}

}  // namespace parley::kit
