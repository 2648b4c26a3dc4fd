// The archive at one moment: look-ups. Short-lived: an open view keeps old pages from being used again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/result.h"
#include "indexer/archive/archive.h"

namespace parley::archive {

// How a message stands after its edits and redactions.
struct Standing {
    bus::Text text;
    std::uint32_t revision = 0;  // 0: never edited
    bool redacted = false;       // then the text is empty
};

// A run and what belongs to it.
struct Run {
    bus::Event requested;
    std::optional<bus::Event> started, finished;
    std::vector<bus::Event> output;  // in order
};

class View {
public:
    explicit View(const Archive& archive) : tables_(archive.tables_), txn_(archive.env_) {}

    bus::Sequence last_sequence() const;
    std::optional<bus::Event> event(bus::Sequence sequence) const;
    std::optional<bus::Event> event(const bus::EventId& id) const;
    // A whole id or the beginning of one, at least four characters. Code::conflict where several begin so.
    service::Result<bus::Event> find(std::string_view id) const;
    // The message that a room's platform calls so; also one that was delivered there.
    std::optional<bus::Event> native(const bus::RoomAddress& room, std::string_view native_id) const;

    // What became of an event in one of the rooms that it is for: the receipt that it was delivered, else that it was refused.
    std::optional<bus::Event> receipt(const bus::EventId& delivered, const bus::RoomAddress& room) const;

    // Edits, redactions and reactions of an event, in order; at most 1,000.
    std::vector<bus::Event> about(const bus::Event& event) const;
    Standing standing(const bus::Event& event) const;
    // What an edit, redaction or reaction is about, where it is here.
    std::optional<bus::Event> target(const bus::Event& event) const;

    // Events of a room by time: up to `limit` before or after a place, nearest first, as long as `visit` returns true.
    using Visit = std::function<bool(const bus::Event&)>;
    struct Place {
        service::Time time{};
        bus::Sequence sequence = 0;
    };
    void before(const bus::RoomAddress& room, Place place, const Visit& visit) const;
    void after(const bus::RoomAddress& room, Place place, const Visit& visit) const;
    // Every event after `sequence` in the journal's order, as long as `visit` returns true.
    void each(bus::Sequence after, const Visit& visit) const;

    // At most `output_max` outputs: the first half and the last.
    std::optional<Run> run(const bus::EventId& run, std::size_t output_max) const;
    // Requests of a command, newest first.
    void requests(std::string_view command, const Visit& visit) const;

    std::string name(NameKind kind, std::uint32_t number) const;                        // empty: no such number
    std::optional<std::uint32_t> number(NameKind kind, std::string_view name) const;
    std::vector<std::pair<std::uint32_t, std::string>> names(NameKind kind) const;
    std::vector<std::uint32_t> rooms_of(std::string_view account, std::string_view id) const;  // has been a member of these
    std::uint64_t events() const { return tables_.log.size(txn_); }

private:
    std::optional<bus::Event> at(std::string_view sequence_key) const;

    const Archive::Tables& tables_;
    store::ReadTxn txn_;
};

}  // namespace parley::archive
