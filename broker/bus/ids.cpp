#include "broker/bus/ids.h"

#include <sodium.h>

namespace parley::bus {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

int digit_of(char c) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == 'o') c = '0';  // Crockford: what is easily misread is read kindly
    if (c == 'i' || c == 'l') c = '1';
    const auto at = alphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

// 128 bits are 25 digits of 5 bits and one last of 3 (padded with two zero bits).
std::string EventId::text() const {
    std::string out;
    unsigned buffer = 0;
    int bits = 0;
    for (const auto byte : bytes) {
        buffer = buffer << 8 | byte;
        for (bits += 8; bits >= 5; bits -= 5) out += alphabet[buffer >> (bits - 5) & 31U];
    }
    out += alphabet[buffer << (5 - bits) & 31U];
    return out;
}

std::optional<EventId> EventId::from_text(std::string_view text) {
    if (text.size() != 26) return std::nullopt;
    EventId id;
    unsigned buffer = 0;
    int bits = 0;
    std::size_t at = 0;
    for (const char c : text) {
        const int digit = digit_of(c);
        if (digit < 0) return std::nullopt;
        buffer = buffer << 5 | static_cast<unsigned>(digit);
        bits += 5;
        if (bits >= 8 && at < id.bytes.size()) {
            id.bytes[at++] = static_cast<std::uint8_t>(buffer >> (bits - 8));
            bits -= 8;
        }
    }
    if ((buffer & 3U) != 0) return std::nullopt;  // the padding must be zero: one text for one id
    return id;
}

std::optional<EventId> EventId::from_bytes(std::string_view raw) {
    EventId id;
    if (raw.size() != id.bytes.size()) return std::nullopt;
    std::copy(raw.begin(), raw.end(), id.bytes.begin());
    return id;
}

EventId derived_id(std::initializer_list<std::string_view> parts) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, 16);
    for (const auto part : parts) {
        const auto n = static_cast<std::uint32_t>(part.size());
        const unsigned char length[4] = {static_cast<unsigned char>(n), static_cast<unsigned char>(n >> 8),
                                         static_cast<unsigned char>(n >> 16), static_cast<unsigned char>(n >> 24)};
        crypto_generichash_update(&state, length, sizeof length);
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    }
    EventId id;
    crypto_generichash_final(&state, id.bytes.data(), id.bytes.size());
    return id;
}

EventId random_id(service::Random& random) {
    EventId id;
    random.fill(id.bytes);
    return id;
}

}  // namespace parley::bus
