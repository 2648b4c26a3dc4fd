#include "broker/store/filter.h"

#include <array>
#include <atomic>
#include <cstring>
#include <new>

#include "broker/service/invariant.h"

namespace parley::store {
namespace {

// A wrong yes is dear: it reads a page that nobody has read for long. With 24 bits and six looks there is one in eight thousand.
constexpr std::size_t rows_per_key = 24;
constexpr unsigned looks = 6;
constexpr std::size_t chunk_bytes = 16;

// Two hashes stand for as many as are asked for (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006), and a
// multiplication for the rest of a division (Lemire, "Fast Random Integer Generation in an Interval", 2019).
std::size_t row_of(Hash hash, unsigned look, std::size_t rows) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>(static_cast<Wide>(hash.one + look * hash.other) * rows >> 64);
}

// `word(row)` for each row of the key, until none is left.
template <class Word>
std::uint64_t all_of(Hash hash, std::size_t rows, Word&& word) {
    auto left = ~std::uint64_t{0};
    for (unsigned look = 0; look < looks && left != 0; ++look) left &= word(row_of(hash, look, rows));
    return left;
}

}  // namespace

Hash Hash::of(std::string_view key) {
    Hash out;
    for (std::size_t at = 0; at < 2 * chunk_bytes && at + chunk_bytes <= key.size(); at += chunk_bytes) {
        std::array<std::uint64_t, 2> words{};
        std::memcpy(words.data(), key.data() + at, chunk_bytes);
        out.one ^= words[0];
        out.other ^= words[1];
    }
    return out;
}

Filter::Filter(std::size_t keys) : rows_(keys * rows_per_key), row_(static_cast<std::uint64_t*>(std::calloc(rows_, sizeof(std::uint64_t)))) {
    service::invariant(keys > 0, "a filter is for some keys");
    if (!row_) throw std::bad_alloc();
}

void Filter::add(Hash hash, unsigned generation) {
    const auto bit = std::uint64_t{1} << generation;
    for (unsigned look = 0; look < looks; ++look) {
        const std::atomic_ref row(row_[row_of(hash, look, rows_)]);
        if (const auto was = row.load(std::memory_order_relaxed); (was & bit) == 0) row.store(was | bit, std::memory_order_relaxed);
    }
}

std::uint64_t Filter::may_hold(Hash hash) const {
    return all_of(hash, rows_, [&](std::size_t row) { return std::atomic_ref(row_[row]).load(std::memory_order_relaxed); });
}

std::string Filter::bytes() const {
    return {reinterpret_cast<const char*>(row_.get()), rows_ * sizeof(std::uint64_t)};  // of the thread that adds
}

std::uint64_t Filter::may_hold(std::string_view bytes, Hash hash) {
    if (bytes.empty()) return 0;
    const auto rows = bytes.size() / sizeof(std::uint64_t);
    if (bytes.size() % sizeof(std::uint64_t) != 0) return ~std::uint64_t{0};
    return all_of(hash, rows, [&](std::size_t row) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + row * sizeof word, sizeof word);
        return word;
    });
}

}  // namespace parley::store
