// The broker's durable log: events by sequence, and where each durable follower is. One thread.
//
// Tables: "journal" sequence → journaled time (8 bytes, µs) + event id (16) + event bytes; "journal_ids" event id →
// sequence; "journal_cursors" name → sequence (8) + when it moved (8); "journal_meta". Numbers are big-endian.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/bus/ids.h"
#include "broker/service/clock.h"
#include "broker/service/result.h"
#include "broker/store/hashed_table.h"
#include "broker/store/store.h"

namespace parley::journal {

struct Record {
    bus::Sequence sequence = 0;
    service::Time journaled{};
    bus::EventId id;
    std::string_view bytes;  // lives as long as the transaction it was read in
};

struct Place {  // of a durable follower
    bus::Sequence sequence = 0;  // everything up to here is done with
    service::Time moved{};
};

struct Retention {
    std::chrono::hours age{24 * 30};        // younger events stay
    std::chrono::hours id_age{24 * 400};    // how long an id is known after its event went, so that a late copy is dropped
    std::size_t records_per_sweep = 10'000; // limits how long one sweep holds up the broker
};

class Journal {
public:
    static constexpr std::size_t cursors_max = 1024;
    static constexpr std::size_t cursor_name_bytes_max = 200;

    explicit Journal(store::Env& env);

    // One group commit: append as many as there are, then commit() once. Destroyed before: nothing happened.
    class Batch {
    public:
        Batch(Journal& journal, service::Time now);
        struct Appended {
            bus::Sequence sequence;
            bool fresh;  // false: the id was known; this is the sequence of the first time
        };
        Appended append(const bus::EventId& id, std::string_view bytes);
        void move_cursor(std::string_view name, bus::Sequence sequence);
        store::WriteTxn& txn() { return txn_; }
        bus::Sequence last() const { return last_; }
        void commit();  // On disk when it returns. Throws store::Failure; then nothing was written.

    private:
        Journal& journal_;
        store::WriteTxn txn_;
        service::Time now_;
        bus::Sequence last_;
    };

    bus::Sequence first() const { return first_; }  // the oldest that can be read; last() + 1 if none can
    bus::Sequence last() const { return last_; }    // 0: nothing yet
    store::Env& env() { return env_; }

    std::optional<bus::Sequence> find(const store::Txn& txn, const bus::EventId& id) const;
    std::optional<Record> read(const store::Txn& txn, bus::Sequence sequence) const;
    // Visits records from `from` on, in order, until `visit` returns false.
    void each(const store::Txn& txn, bus::Sequence from, const std::function<bool(const Record&)>& visit) const;

    std::map<std::string, Place> cursors() const;
    std::optional<Place> cursor(std::string_view name) const;
    // Makes the place of a new follower durable at once, so that retention waits for it. Code::limit.
    service::Result<void> create_cursor(std::string_view name, bus::Sequence sequence, service::Time now);
    bool forget_cursor(std::string_view name);

    // Removes events that are old enough and acknowledged by every durable follower (none: nothing is removed). The
    // newest event stays, so that no sequence is given twice. Gives how many went; if that is `records_per_sweep`,
    // there may be more.
    std::size_t sweep(const Retention& retention, service::Time now);

private:
    std::size_t drop_events(store::WriteTxn& txn, const Retention& retention, service::Time now, bus::Sequence& first);
    std::size_t drop_ids(store::WriteTxn& txn, const Retention& retention, service::Time now, bus::Sequence first);

    store::Env& env_;
    store::Table records_;
    store::HashedTable ids_;
    store::Table cursors_, meta_;
    bus::Sequence first_ = 1, last_ = 0;
};

}  // namespace parley::journal
