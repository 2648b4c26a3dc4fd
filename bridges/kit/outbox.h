// What is still to be said in the rooms, on disk: first in, first out in each room, rooms independent of each other.
// An entry is queued, then sent (from then on in doubt if the process or the link dies), then gone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridges/kit/room_keys.h"
#include "broker/bus/event.h"
#include "broker/store/hashed_table.h"

namespace parley::kit {

struct OutboxLimits {
    std::size_t room_max =
        100000;               // entries of one room; what comes then is refused, and a marker in the queue says so
    std::size_t window = 32;  // entries of one room that are sent and not yet answered
};

class Outbox {
public:
    Outbox(store::Env& env, OutboxLimits limits = {});

    // False if the event was taken before (the broker sent it again). Refused at the limit: `full` becomes true, and
    // the time of the event goes into a gap marker of its room at the end of the queue; that it was refused is said again if it comes
    // again. `in_doubt`: it may have been said already.
    bool add(store::WriteTxn& txn, const std::string& room, const bus::Event& event, bool& full, bool in_doubt = false, service::Steady now = {});
    // At the end of its room's queue, whether it was taken before or not; it may have been said already.
    void again(store::WriteTxn& txn, const std::string& room, const bus::Event& event);
    // All that waits may have been said already.
    void doubt_all(store::WriteTxn& txn);
    // After a transaction that add() took part in did not commit.
    void reload();

    struct Entry {
        std::uint64_t ordinal = 0;
        bus::Event event;
        bool in_doubt = false;
        std::vector<std::string> answered;  // native ids of the first parts, already said
        std::string sent_through, cut;      // as sent() had them first
        std::uint32_t attempts = 0;         // how often it was sent
        service::Steady taken{};            // when add() took it; of an earlier process: not known
    };
    struct First {
        std::string through, cut;  // who it went through, and what it was cut by (kit::Cut); later ones cannot know that
    };
    // The oldest queued entry of a room; nullopt if there is none or the window is full.
    std::optional<Entry> next(const store::Txn& txn, const std::string& room) const;
    // Which of the window's entries may have been said already, oldest first.
    std::vector<bus::EventId> doubted(const store::Txn& txn, const std::string& room) const;
    // It is about to be sent: next() gives the one after it. If the transaction does not commit: put_back().
    void sent(store::WriteTxn& txn, const std::string& room, std::uint64_t ordinal, const First& first = {});
    void put_back(const std::string& room, std::uint64_t ordinal);
    // The other way round, after reload(): it is on its way, as it was.
    void still_sent(const std::string& room, std::uint64_t ordinal);
    void answered(store::WriteTxn& txn, std::uint64_t ordinal, const std::vector<std::string>& native_ids);
    // Those of a room that were never sent and are not in doubt, oldest first.
    std::vector<Entry> queued(const store::Txn& txn, const std::string& room, std::size_t most) const;
    // `marker` takes the place of the first of them; if the transaction does not commit: reload().
    void replace(store::WriteTxn& txn, const std::string& room, const std::vector<std::uint64_t>& ordinals, const bus::Event& marker);
    // All of it is answered: done() and forget(). If the transaction does not commit: reload() and still_sent().
    void done(store::WriteTxn& txn, std::uint64_t ordinal);
    void forget(const std::string& room, std::uint64_t ordinal);
    // The room or the link is gone: what was sent and not answered is queued again, in doubt.
    void unanswered(const std::string& room);

    std::vector<std::string> rooms() const;  // those where something waits
    std::size_t size() const;
    std::size_t size(const std::string& room) const;

private:
    struct Slot {
        std::uint64_t ordinal = 0;
        bool sent = false;      // by this process, since the room is here
        bool in_doubt = false;  // it may have been sent before
        service::Steady taken{};
        bool has_state = false;  // it may have one
    };
    Slot* slot(const std::string& room, std::uint64_t ordinal);
    std::string taken_key(const bus::EventId& event, std::string_view room);
    void mark_refused(store::WriteTxn& txn, const std::string& room, const bus::Event& event);

    OutboxLimits limits_;
    RoomKeys room_keys_;
    store::Env& env_;
    store::Table entries_, states_;
    store::HashedTable taken_;
    std::map<std::string, std::deque<Slot>> queues_;
    std::uint64_t next_ = 1;
};

}  // namespace parley::kit
