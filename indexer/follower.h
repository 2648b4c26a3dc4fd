// Brings the journal into the archive and the index, and keeps the index fresh. Lives on the reactor's thread.
//
// What the archive has is on disk before it is acknowledged. The index lags by `commit_every`, or three times that under load; what a crash takes
// of it is replayed from the archive, in slices, while questions are already answered.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "broker/bus/client.h"
#include "broker/bus/dead_letters.h"
#include "broker/service/clock.h"
#include "indexer/query/service.h"

namespace parley::indexer {

class Follower {
public:
    Follower(service::Reactor& reactor, bus::Client& client, archive::Archive& archive, search::Index& index,
             const service::Clock& clock, query::Progress& progress, bus::DeadLetters& dead_letters, std::chrono::milliseconds commit_every);
    ~Follower();

    // A dead letter is to be tried again: the archive links it now; the index has it after the next `parley reindex`.
    service::Result<void> again(const bus::Event& event);

private:
    void replay();         // brings the index to where the archive is, a slice at a time; then follows
    void follow();
    void store_soon();
    void store();          // what waits, into the archive and the index
    bool sync();           // what was stored is on disk, and acknowledged
    void commit();
    void index(const archive::View& view, const bus::Event& event);
    void index_failed(const std::exception& error);
    void trouble(const std::string& what);  // empty: over

    service::Reactor& reactor_;
    bus::Client& client_;
    archive::Archive& archive_;
    search::Index& index_;
    const service::Clock& clock_;
    query::Progress& progress_;
    bus::DeadLetters& dead_letters_;
    std::unique_ptr<search::Writer> writer_;  // absent after a failure, until the next try
    bus::Sequence replayed_ = 0;
    bool following_ = false;
    std::vector<bus::Event> waiting_;         // at most the follow's credit
    bool much_comes_ = false;                 // then it is gathered for longer
    service::Steady commit_from_{};           // so that commits do not take all of the time
    int ticks_ = 0;                           // since the last commit
    bool sync_failed_ = false;                // said once
    service::Time oldest_uncommitted_{};
    service::Reactor::Handle commit_timer_, retry_timer_, store_timer_, sync_timer_, slice_;
};

}  // namespace parley::indexer
