// The query service "archive": what may be asked, and how it is answered. docs/protocol.md lists the methods.
// Everything runs on one thread, the Desk's; the archive and the index are written on another.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "broker/service/clock.h"
#include "broker/service/result.h"
#include "indexer/archive/view.h"
#include "indexer/search/index.h"

namespace parley::query {

// What the follower knows and `status` tells.
struct Progress {
    std::atomic<bus::Sequence> archived{0}, searchable{0};
    std::atomic<std::int64_t> lag_us{0};     // from the journal to the index, of the last commit's first event
    std::atomic<std::uint64_t> documents{0};
    std::atomic<bool> rebuilding{false};
    std::atomic<std::uint64_t> dead_letters{0};  // events set aside, because they crash the indexer

    // What keeps archive or index from being written; empty: nothing.
    void set_trouble(std::string what) {
        const std::lock_guard hold(mutex_);
        trouble_ = std::move(what);
    }
    std::string trouble() const {
        const std::lock_guard hold(mutex_);
        return trouble_;
    }

private:
    mutable std::mutex mutex_;
    std::string trouble_;
};

class Service {
public:
    Service(const archive::Archive& archive, const search::Index& index, const bus::HouseSettings& house,
            const service::Clock& clock, const Progress& progress);

    // `left` is what remains of the asker's deadline.
    service::Result<bus::Value> answer(const std::string& method, const bus::Value& request, std::chrono::milliseconds left);

private:
    service::Result<bus::Value> search(const bus::Value& request, std::chrono::milliseconds left);
    bus::Value status() const;
    std::string metrics() const;

    const archive::Archive& archive_;
    const bus::HouseSettings& house_;
    const service::Clock& clock_;
    const Progress& progress_;
    search::Reader reader_;
};

}  // namespace parley::query
