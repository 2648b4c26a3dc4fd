// What the index must know of every document at once: 32 bytes each by document number, in a file that is mapped into
// memory. Sorting, the viewer's rights, times and facets are read from here, never from Xapian.
//
// Threads: one writes; any may read documents up to published().
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace parley::search {

enum class State : std::uint8_t { none = 0, live = 1, dead = 2 };  // dead: a later version stands for it, or it was redacted

struct Column {
    std::int64_t time_us;
    std::uint32_t anchor;  // the document number of the first version
    std::uint32_t latest;  // in the anchor: the number of the latest version; 0: itself
    std::uint32_t room, author;  // numbers in the archive
    std::uint16_t command;
    std::uint8_t kind, outcome, visibility;
    State state;
    std::uint16_t lookup;  // 1: only a question to the archive, with its answer: what it shows is elsewhere
};
static_assert(sizeof(Column) == 32);

class Columns {
public:
    explicit Columns(const std::filesystem::path& file);
    ~Columns();
    Columns(const Columns&) = delete;
    Columns& operator=(const Columns&) = delete;

    // `number` is from 1 to documents_max.
    void put(std::uint32_t number, const Column& column);
    void kill(std::uint32_t number);
    void set_lookup(std::uint32_t number);
    void set_latest(std::uint32_t anchor, std::uint32_t latest);
    const Column& operator[](std::uint32_t number) const;  // all zero where nothing was put
    State state(std::uint32_t number) const;
    bool lookup(std::uint32_t number) const;
    void sync();

    std::uint32_t published() const { return published_.load(std::memory_order_acquire); }

    static constexpr std::uint32_t documents_max = 1U << 29;  // 16 GiB of columns

private:
    void grow(std::uint32_t number);
    int file_ = -1;
    Column* all_ = nullptr;
    std::atomic<std::uint32_t> capacity_{0}, published_{0};
};

}  // namespace parley::search
