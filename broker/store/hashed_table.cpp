#include "broker/store/hashed_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "broker/service/invariant.h"

namespace parley::store {
namespace {

constexpr std::size_t number_bytes = 4, key_bytes_max = 511;
constexpr std::uint32_t blocks_max = 4096;  // a thousand million keys, of the journal four; each block is asked for a key that is not there

std::uint32_t block_of(std::uint32_t generation) { return generation / Filter::generations; }

// A key as it stands in a generation.
class InGeneration {
public:
    InGeneration(std::uint32_t generation, std::string_view key) : size_(number_bytes + key.size()) {
        service::invariant(size_ <= bytes_.size(), "a key has at most 507 bytes");
        for (std::size_t i = 0; i < number_bytes; ++i) bytes_[i] = static_cast<char>(generation >> 8 * (number_bytes - 1 - i));
        std::copy(key.begin(), key.end(), bytes_.begin() + number_bytes);
    }
    operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT: it is one

private:
    std::array<char, key_bytes_max> bytes_;
    std::size_t size_;
};

std::uint32_t generation_in(std::string_view key) {
    if (key.size() < number_bytes) throw Failure::damaged("a key without the number of its generation");
    std::uint32_t number = 0;
    for (const char c : key.substr(0, number_bytes)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

// The keys of a block's generations, in order.
template <class Visit>
void each_in_block(const Txn& txn, const Table& generations, std::uint32_t block, Visit&& visit) {
    Cursor cursor(txn, generations);
    for (bool more = cursor.seek(InGeneration(block * Filter::generations, {})); more; more = cursor.next()) {
        const auto generation = generation_in(cursor.key());
        if (block_of(generation) != block) return;
        visit(generation, cursor.key().substr(number_bytes));
    }
}

}  // namespace

HashedTable::HashedTable(Env& env, std::string_view name, std::size_t generation_keys)
    : generation_keys_(generation_keys), earlier_(env, name), generations_(env, std::string(name) + ".generations"), filters_(env, std::string(name) + ".filters") {
    {
        const ReadTxn txn(env);
        earlier_used_ = earlier_.size(txn) > 0;
        read_last_block(txn);
    }
    add_missing_filters(env);
}

std::optional<std::uint32_t> HashedTable::first_generation(const Txn& txn) const {
    Cursor cursor(txn, generations_);
    return cursor.first() ? std::optional(generation_in(cursor.key())) : std::nullopt;
}

void HashedTable::read_last_block(const Txn& txn) {
    if (Cursor cursor(txn, generations_); cursor.last()) generation_ = generation_in(cursor.key());
    Newest newest{block_of(first_generation(txn).value_or(generation_)), block_of(generation_), std::make_shared<Filter>(generation_keys_)};
    if (newest.block - newest.first_block > blocks_max) throw Failure::damaged("the numbers of its generations are too far apart");
    each_in_block(txn, generations_, newest.block, [&](std::uint32_t generation, std::string_view key) {
        newest.filter->add(Hash::of(key), generation % Filter::generations);
        keys_ += generation == generation_ ? 1 : 0;
    });
    set_newest(std::move(newest));
}

// The transaction that was to write one came to nothing. Until then such a block's generations are all looked into.
void HashedTable::add_missing_filters(Env& env) {
    for (auto block = newest_.first_block; block < newest_.block; ++block) {
        std::string bytes;  // none: nothing is in it
        {
            const ReadTxn txn(env);
            if (filters_.get(txn, key_of(block))) continue;
            std::optional<Filter> filter;
            each_in_block(txn, generations_, block, [&](std::uint32_t generation, std::string_view key) {
                if (!filter) filter.emplace(generation_keys_);
                filter->add(Hash::of(key), generation % Filter::generations);
            });
            if (filter) bytes = filter->bytes();
        }
        WriteTxn txn(env);
        filters_.put(txn, key_of(block), bytes);
        txn.commit();
    }
}

HashedTable::Newest HashedTable::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

void HashedTable::set_newest(Newest newest) {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(newest);
}

// What is known here is at least as new as what the transaction sees: it began before.
template <class Visit>
bool HashedTable::any_that_may_hold(const Txn& txn, Hash hash, Visit&& visit) const {
    const auto any_of = [&](std::uint32_t block, std::uint64_t generations) {
        while (generations != 0) {
            const auto top = static_cast<unsigned>(std::bit_width(generations)) - 1;
            if (visit(block * Filter::generations + top)) return true;
            generations &= ~(std::uint64_t{1} << top);
        }
        return false;
    };
    const auto now = newest();
    if (any_of(now.block, now.filter->may_hold(hash))) return true;
    if (now.block == now.first_block) return false;
    Cursor filter(txn, filters_);
    bool more = filter.seek_before(key_of(now.block));
    for (auto block = now.block; block-- > now.first_block;) {
        auto generations = ~std::uint64_t{0};
        if (more && number_of(filter.key()) == block) {
            generations = Filter::may_hold(filter.value(), hash);
            more = filter.previous();
        }
        if (any_of(block, generations)) return true;
    }
    return false;
}

std::optional<std::string_view> HashedTable::get(const Txn& txn, std::string_view key) const {
    std::optional<std::string_view> found;
    any_that_may_hold(txn, Hash::of(key), [&](std::uint32_t generation) {
        found = generations_.get(txn, InGeneration(generation, key));
        return found.has_value();
    });
    if (!found && earlier_used_) found = earlier_.get(txn, key);
    return found;
}

void HashedTable::put(WriteTxn& txn, std::string_view key, std::string_view value) {
    if (keys_ >= generation_keys_) begin_generation(txn);
    generations_.put(txn, InGeneration(generation_, key), value);
    newest_.filter->add(Hash::of(key), generation_ % Filter::generations);
    ++keys_;
}

bool HashedTable::put_new(WriteTxn& txn, std::string_view key, std::string_view value) {
    if (get(txn, key)) return false;
    put(txn, key, value);
    return true;
}

// If the transaction comes to nothing, the generation is smaller, and a filter may be missing until the next start.
void HashedTable::begin_generation(WriteTxn& txn) {
    const auto block = block_of(generation_);
    if (block_of(generation_ + 1) != block) {
        filters_.put(txn, key_of(block), newest_.filter->bytes());
        const auto first = block_of(first_generation(txn).value_or(generation_));
        for (auto gone = newest_.first_block; gone < first; ++gone) filters_.erase(txn, key_of(gone));
        set_newest({first, block + 1, std::make_shared<Filter>(generation_keys_)});
    }
    ++generation_;
    keys_ = 0;
}

bool HashedTable::erase(WriteTxn& txn, std::string_view key) {
    bool was = earlier_used_ && earlier_.erase(txn, key);
    any_that_may_hold(txn, Hash::of(key), [&](std::uint32_t generation) {
        was = generations_.erase(txn, InGeneration(generation, key)) || was;
        return false;
    });
    return was;
}

void HashedTable::each_with_prefix(const Txn& txn, std::string_view prefix, const std::function<bool(std::string_view, std::string_view)>& visit) const {
    bool more = true;
    if (earlier_used_) {
        store::each_with_prefix(txn, earlier_, prefix, [&](std::string_view key, std::string_view value) { return more = visit(key, value); });
    }
    std::vector<std::uint32_t> where;
    if (prefix.size() >= 16) {
        any_that_may_hold(txn, Hash::of(prefix), [&](std::uint32_t generation) { return where.push_back(generation), false; });
        std::reverse(where.begin(), where.end());
    } else {
        const auto now = newest();
        for (auto generation = first_generation(txn).value_or(now.block * Filter::generations); block_of(generation) <= now.block; ++generation) where.push_back(generation);
    }
    for (auto generation = where.begin(); more && generation != where.end(); ++generation) {
        store::each_with_prefix(txn, generations_, InGeneration(*generation, prefix),
                                [&](std::string_view key, std::string_view value) { return more = visit(key.substr(number_bytes), value); });
    }
}

}  // namespace parley::store
