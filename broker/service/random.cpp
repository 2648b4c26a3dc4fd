#include "broker/service/random.h"

#include <sodium.h>

#include <vector>

#include "broker/service/invariant.h"

namespace parley::service {

std::uint64_t Random::number() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
    invariant(bound > 0, "Random::below needs a positive bound");
    const std::uint64_t fair = UINT64_MAX - UINT64_MAX % bound;  // reject the uneven rest
    std::uint64_t value = number();
    while (value >= fair) value = number();
    return value % bound;
}

double Random::fraction() { return static_cast<double>(number() >> 11) * 0x1.0p-53; }

std::string Random::token(std::size_t bytes) {
    std::vector<std::uint8_t> raw(bytes);
    fill(raw);
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes, variant), '\0');
    sodium_bin2base64(text.data(), text.size(), raw.data(), raw.size(), variant);
    text.resize(text.find('\0') == std::string::npos ? text.size() : text.find('\0'));
    return text;
}

SystemRandom::SystemRandom() { invariant(sodium_init() >= 0, "libsodium cannot start: no source of randomness"); }
void SystemRandom::fill(std::span<std::uint8_t> bytes) { randombytes_buf(bytes.data(), bytes.size()); }

// SplitMix64, Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
void SeededRandom::fill(std::span<std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        z ^= z >> 31;
        for (std::size_t j = i; j < bytes.size() && j < i + 8; ++j, z >>= 8) bytes[j] = static_cast<std::uint8_t>(z);
    }
}

}  // namespace parley::service
