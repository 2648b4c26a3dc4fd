// Events that the broker has not acknowledged yet, in a file: written before they are published, so that they survive a
// kill of the bridge. (A power cut is survived by asking the platform again: its cursor moves only after the
// broker's answer.) The file is emptied whenever nothing in it waits, and written anew when most of it waits no more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/kit/records.h"
#include "broker/bus/event.h"

namespace parley::kit {

class Spool {
public:
    // `bytes_max`: beyond it add() fails with Code::limit until enough of what waits is done.
    Spool(std::filesystem::path file, std::uint64_t bytes_max = 64 << 20);

    struct Entry {
        std::uint64_t ordinal = 0;
        bus::Event event;
    };
    // What an earlier process left behind, oldest first; once. A torn last record is left out.
    std::vector<Entry> recover();

    // `bytes`: the event, encoded. Gives its ordinal; Code::limit, Code::io, Code::invalid: it is too large for ever.
    service::Result<std::uint64_t> add(const bus::Event& event, std::string_view bytes);
    service::Result<std::uint64_t> add(const bus::Event& event);  // encodes it first
    void done(std::uint64_t ordinal);
    // Since when something would be missing if a power cut took what it can; nullopt: never.
    std::optional<service::Time> unsynced_since() const;
    service::Result<void> sync();  // what waits is on disk when it returns
    std::size_t waiting() const { return waiting_.size(); }
    std::uint64_t bytes() const { return file_.bytes(); }

private:
    struct Waiting {
        Records::Place place;
        service::Time since{};
    };
    void keep_waiting();

    Records file_;
    std::uint64_t bytes_max_, next_ = 1, unsynced_from_ = 1;  // ordinals
    std::uint64_t waiting_bytes_ = 0, rewrite_at_;      // of bytes()
    std::map<std::uint64_t, Waiting> waiting_;          // by ordinal
    std::vector<Entry> recovered_;
};

}  // namespace parley::kit
