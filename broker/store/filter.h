// Which of 64 generations of a table may hold a key: 64 Bloom filters side by side, so that six looks ask all of them
// (bit-sliced, as in "BitFunnel: Revisiting Signatures for Search", Goodwin and others, SIGIR 2017). It never says no to a key
// that was added; to one that was not, a generation that is full says yes once in eight thousand times.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace parley::store {

// Of a key: its first whole 16 bytes, and the second with them if there are so many. They must be hashes already.
struct Hash {
    std::uint64_t one = 0, other = 0;
    static Hash of(std::string_view key);
};

// Threads: one that adds, any that ask; a key that was added before the asker's transaction began is known to it.
class Filter {
public:
    static constexpr unsigned generations = 64;

    // `keys`: that are expected in a generation. It takes 192 bytes for each, of all 64.
    explicit Filter(std::size_t keys);

    void add(Hash hash, unsigned generation);
    std::uint64_t may_hold(Hash hash) const;  // a bit for each generation

    std::string bytes() const;  // in the machine's byte order
    // Without bytes none, and all of them if the bytes are no filter's.
    static std::uint64_t may_hold(std::string_view bytes, Hash hash);

private:
    struct Free {
        void operator()(std::uint64_t* rows) const { std::free(rows); }
    };
    std::size_t rows_;
    std::unique_ptr<std::uint64_t[], Free> row_;  // of the system, which gives pages when they are written to
};

}  // namespace parley::store
