// A table whose keys begin with a hash. Sorted by hash alone, each new key would lie in a page of its own, which is copied,
// held in memory and written for it, and the more there are the surer. So they lie in generations, by when they were put: what
// is put together lies in a few pages together. Filters say in which generations a key may be; the newest that has it counts.
//
// On disk (docs/formats.md): NAME.generations, number of the generation (4, big-endian) and key → value; NAME.filters, number
// of a block of 64 generations that are complete → filter.h. NAME itself is of an earlier version, and is only read and erased from.
//
// Threads: as of the Env.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "broker/store/filter.h"
#include "broker/store/store.h"

namespace parley::store {

class HashedTable {
public:
    // `generation_keys`: so many lie together. The filter takes 192 bytes of memory for each. Reads the keys of the last
    // block: at most 64 generations.
    HashedTable(Env& env, std::string_view name, std::size_t generation_keys);

    // A key is 16 to 507 bytes.
    std::optional<std::string_view> get(const Txn& txn, std::string_view key) const;
    void put(WriteTxn& txn, std::string_view key, std::string_view value);
    bool put_new(WriteTxn& txn, std::string_view key, std::string_view value);  // false: the key was there; nothing changed
    bool erase(WriteTxn& txn, std::string_view key);

    // Calls `visit` for every entry whose key starts with `prefix`, oldest generation first, until it returns false. Of less
    // than 16 bytes it looks into every generation. A key that was put again generations later comes twice.
    void each_with_prefix(const Txn& txn, std::string_view prefix, const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

private:
    // What readers on other threads need to know of the newest: the filters of the block that grows are in memory alone.
    struct Newest {
        std::uint32_t first_block = 0, block = 0;
        std::shared_ptr<Filter> filter;  // shared with who reads while the next block begins
    };
    Newest newest() const;
    void set_newest(Newest newest);
    void read_last_block(const Txn& txn);
    void add_missing_filters(Env& env);
    void begin_generation(WriteTxn& txn);
    std::optional<std::uint32_t> first_generation(const Txn& txn) const;
    // `visit(generation)` for each that may hold the key, newest first, until it returns true.
    template <class Visit>
    bool any_that_may_hold(const Txn& txn, Hash hash, Visit&& visit) const;

    const std::size_t generation_keys_;
    Table earlier_, generations_, filters_;
    bool earlier_used_ = false;
    std::uint32_t generation_ = 0;  // that is put into
    std::size_t keys_ = 0;          // in it, at most
    mutable std::mutex mutex_;
    Newest newest_;
};

}  // namespace parley::store
