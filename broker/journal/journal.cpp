// The log on LMDB. A record that retention removed keeps its head (time and id) until its id may be forgotten too;
// "first" in the meta table says where whole records begin, so that readers never walk over heads.
#include "broker/journal/journal.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace parley::journal {
namespace {

using service::Code;
using service::fail;
using store::key_of;
using store::number_of;

constexpr std::size_t head_bytes = 8 + 16;
constexpr std::string_view first_key = "first";
constexpr std::size_t generation_ids = 32'768;  // of 24 bytes: some 700 pages, which the 4,096 events that are settled at once share

std::string from_time(service::Time time) { return key_of(static_cast<std::uint64_t>(time.time_since_epoch().count())); }
service::Time to_time(std::string_view bytes) {
    return service::Time(std::chrono::microseconds(static_cast<std::int64_t>(number_of(bytes))));
}

Record to_record(std::string_view key, std::string_view value) {
    if (value.size() < head_bytes) throw store::Failure::damaged("a record of the journal is shorter than its head");
    return {number_of(key), to_time(value), *bus::EventId::from_bytes(value.substr(8, 16)), value.substr(head_bytes)};
}

Place to_place(std::string_view value) {
    return {number_of(value), value.size() >= 16 ? to_time(value.substr(8)) : service::Time{}};
}
std::string from_place(const Place& place) { return key_of(place.sequence) + from_time(place.moved); }

}  // namespace

Journal::Journal(store::Env& env)
    : env_(env), records_(env, "journal"), ids_(env, "journal_ids", generation_ids), cursors_(env, "journal_cursors"), meta_(env, "journal_meta") {
    const store::ReadTxn txn(env_);
    if (store::Cursor end(txn, records_); end.last()) last_ = number_of(end.key());
    if (const auto first = meta_.get(txn, first_key)) first_ = number_of(*first);
}

Journal::Batch::Batch(Journal& journal, service::Time now)
    : journal_(journal), txn_(journal.env_), now_(now), last_(journal.last_) {}

Journal::Batch::Appended Journal::Batch::append(const bus::EventId& id, std::string_view bytes) {
    if (const auto known = journal_.find(txn_, id)) return {*known, false};
    const auto key = key_of(last_ + 1);
    std::string value;
    value.reserve(head_bytes + bytes.size());
    value.append(from_time(now_)).append(id.view()).append(bytes);
    journal_.records_.append(txn_, key, value);
    journal_.ids_.put(txn_, id.view(), key);
    return {++last_, true};
}

void Journal::Batch::move_cursor(std::string_view name, bus::Sequence sequence) {
    // A cursor that was forgotten meanwhile does not come back by a late acknowledgement.
    if (journal_.cursors_.get(txn_, name)) journal_.cursors_.put(txn_, name, from_place({sequence, now_}));
}

void Journal::Batch::commit() {
    txn_.commit();
    journal_.last_ = last_;
}

std::optional<bus::Sequence> Journal::find(const store::Txn& txn, const bus::EventId& id) const {
    const auto found = ids_.get(txn, id.view());
    return found ? std::optional(number_of(*found)) : std::nullopt;
}

std::optional<Record> Journal::read(const store::Txn& txn, bus::Sequence sequence) const {
    if (sequence < first_) return std::nullopt;
    const auto key = key_of(sequence);
    const auto found = records_.get(txn, key);
    return found ? std::optional(to_record(key, *found)) : std::nullopt;
}

void Journal::each(const store::Txn& txn, bus::Sequence from, const std::function<bool(const Record&)>& visit) const {
    store::Cursor at(txn, records_);
    for (bool more = at.seek(key_of(std::max(from, first_))); more; more = at.next()) {
        if (!visit(to_record(at.key(), at.value()))) return;
    }
}

std::map<std::string, Place> Journal::cursors() const {
    const store::ReadTxn txn(env_);
    std::map<std::string, Place> all;
    store::each_with_prefix(txn, cursors_, {}, [&](std::string_view name, std::string_view value) {
        all.emplace(name, to_place(value));
        return true;
    });
    return all;
}

std::optional<Place> Journal::cursor(std::string_view name) const {
    if (name.empty() || name.size() > cursor_name_bytes_max) return std::nullopt;
    const store::ReadTxn txn(env_);
    const auto found = cursors_.get(txn, name);
    return found ? std::optional(to_place(*found)) : std::nullopt;
}

service::Result<void> Journal::create_cursor(std::string_view name, bus::Sequence sequence, service::Time now) {
    if (name.empty() || name.size() > cursor_name_bytes_max) {
        return fail(Code::invalid, "a cursor's name has " + std::to_string(name.size()) + " bytes",
                    "use 1 to " + std::to_string(cursor_name_bytes_max));
    }
    store::WriteTxn txn(env_);
    if (!cursors_.get(txn, name) && cursors_.size(txn) >= cursors_max) {
        return fail(Code::limit, "there are already " + std::to_string(cursors_max) + " durable cursors",
                    "forget those that nobody uses any more");
    }
    cursors_.put(txn, name, from_place({sequence, now}));
    txn.commit();
    return {};
}

bool Journal::forget_cursor(std::string_view name) {
    if (name.empty() || name.size() > cursor_name_bytes_max) return false;
    store::WriteTxn txn(env_);
    const bool was = cursors_.erase(txn, name);
    txn.commit();
    return was;
}

std::size_t Journal::sweep(const Retention& retention, service::Time now) {
    store::WriteTxn txn(env_);
    auto first = first_;
    const auto events = drop_events(txn, retention, now, first);
    const auto ids = drop_ids(txn, retention, now, first);
    if (events + ids == 0) return 0;
    meta_.put(txn, first_key, key_of(first));
    txn.commit();
    first_ = first;
    return events;
}

std::size_t Journal::drop_events(store::WriteTxn& txn, const Retention& retention, service::Time now, bus::Sequence& first) {
    std::optional<bus::Sequence> done;  // by everyone
    store::each_with_prefix(txn, cursors_, {}, [&](std::string_view, std::string_view value) {
        done = std::min(done.value_or(number_of(value)), number_of(value));
        return true;
    });
    std::vector<std::pair<bus::Sequence, std::string>> heads;
    {
        store::Cursor at(txn, records_);
        for (bool more = at.seek(key_of(first)); more && heads.size() < retention.records_per_sweep; more = at.next()) {
            const auto record = to_record(at.key(), at.value());
            if (!done || record.sequence > *done || record.sequence >= last_ || record.journaled > now - retention.age) break;
            heads.emplace_back(record.sequence, at.value().substr(0, head_bytes));
        }
    }
    for (const auto& [sequence, head] : heads) records_.put(txn, key_of(sequence), head);
    if (!heads.empty()) first = heads.back().first + 1;
    return heads.size();
}

std::size_t Journal::drop_ids(store::WriteTxn& txn, const Retention& retention, service::Time now, bus::Sequence first) {
    std::vector<std::pair<bus::Sequence, bus::EventId>> gone;
    {
        store::Cursor at(txn, records_);
        for (bool more = at.first(); more && gone.size() < retention.records_per_sweep; more = at.next()) {
            const auto record = to_record(at.key(), at.value());
            if (record.sequence >= first || record.journaled > now - retention.id_age) break;
            gone.emplace_back(record.sequence, record.id);
        }
    }
    for (const auto& [sequence, id] : gone) {
        records_.erase(txn, key_of(sequence));
        ids_.erase(txn, id.view());
    }
    return gone.size();
}

}  // namespace parley::journal
