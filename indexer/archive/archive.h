// The archive: every event for ever, and the ways to find one again. On LMDB; the index can always be rebuilt from it.
// docs/formats.md has the tables. Writing is here, reading in view.h.
//
// Threads: append() on one; Views may be opened on any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "broker/bus/dead_letters.h"
#include "broker/bus/event.h"
#include "broker/store/hashed_table.h"

namespace parley::archive {

// Small numbers for what repeats, given in the order of first sight and never changed.
enum class NameKind : std::uint8_t { room = 1, author = 2, command = 3 };

class Archive {
public:
    explicit Archive(const std::filesystem::path& folder, std::uint64_t map_bytes = std::uint64_t{1} << 40);

    // Stores events in one transaction; those at or before last_sequence() are skipped, so that a batch may come twice.
    // Sequences must rise. It survives a kill of the process; after sync(), a power cut too.
    // What `dead_letters` has set aside is only kept, as it is: nothing but its id leads to it.
    std::size_t append(std::span<const bus::Event> events, bus::DeadLetters* dead_letters = nullptr);
    // What leads to an event that was only kept.
    void link(const bus::Event& event);
    void sync() { env_.sync(); }

    bus::Sequence last_sequence() const;
    std::uint64_t used_bytes() const { return env_.used_bytes(); }

private:
    friend class View;
    struct Tables {
        explicit Tables(store::Env& env);
        store::Table log;
        store::HashedTable ids, natives, deliveries;
        store::Table room_times, runs, commands, targets, names, members, meta;
    };
    void put(store::WriteTxn& txn, const bus::Event& event);
    void keep(store::WriteTxn& txn, const bus::Event& event);
    void put_found_by(store::WriteTxn& txn, const bus::Event& event);
    void commit(store::WriteTxn& txn);
    void put_links(store::WriteTxn& txn, const bus::Event& event, std::string_view sequence);
    void put_target(store::WriteTxn& txn, const bus::Event& event, const bus::Reference& target, std::string_view sequence);
    void put_delivered(store::WriteTxn& txn, const bus::Event& receipt, const bus::EventId& delivered,
                       const std::vector<std::string>& native_ids, std::string_view sequence);
    void put_member(store::WriteTxn& txn, const bus::RoomAddress& room, std::string_view who);
    std::uint32_t number_of(store::WriteTxn& txn, NameKind kind, std::string_view name);

    store::Env env_;
    Tables tables_;
    std::unordered_map<std::string, std::uint32_t> known_names_;  // kind and name; of this process; emptied at 100,000
    std::unordered_set<std::string> known_members_;               // number of the room and person; the same
};

}  // namespace parley::archive
