// Randomness, as a parameter: a test can seed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace parley::service {

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> bytes) = 0;
    std::uint64_t number();                       // uniform over 64 bits
    std::uint64_t below(std::uint64_t bound);     // uniform in [0, bound); bound > 0
    double fraction();                            // uniform in [0, 1)
    std::string token(std::size_t bytes);         // that many random bytes in URL-safe base64, for secrets
};

// The system's generator (libsodium): fit for secrets.
class SystemRandom final : public Random {
public:
    SystemRandom();
    void fill(std::span<std::uint8_t> bytes) override;
};

// The same numbers for the same seed. Never for secrets.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override;

private:
    std::uint64_t state_;
};

}  // namespace parley::service
