// The open runs: asked for and not yet finished. Which is next, who holds it, and whether that claim still stands.
//
// Every change is written in the caller's transaction, together with the event that caused it; the copy in memory is
// changed at once. If the transaction fails, reload(). Thread: the broker's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/bus/event.h"
#include "broker/service/clock.h"
#include "broker/service/result.h"
#include "broker/store/store.h"

namespace parley::jobs {

struct Job {
    bus::EventId run;
    bus::Sequence sequence = 0;  // of the CommandRequested: the order of the queue
    std::string requested;       // that event, encoded
    std::string command;
    std::string concurrency_key;
    std::uint32_t concurrency_max = 0;
    bool idempotent = false;
    std::uint32_t attempt = 0;   // claims so far
    bus::EventId lease;          // zero: it waits
    std::string worker;          // who holds the lease
    service::Steady deadline{};  // when the lease lapses; not stored: a restart of the broker gives a grace period
    bool cancelling = false;
};

class Jobs {
public:
    static constexpr std::size_t open_max = 10'000;  // queued and running; beyond it commands are refused

    // `grace_until`: until when leases from before the start stand without a heartbeat.
    Jobs(store::Env& env, service::Steady grace_until);
    void reload(service::Steady grace_until);

    void add(store::WriteTxn& txn, const bus::Event& requested, std::string encoded, bus::Sequence sequence);
    // The next job that may run now: oldest first, passing over those whose concurrency key is full. Claims it.
    std::optional<Job> lease(store::WriteTxn& txn, const std::string& worker, const bus::EventId& lease, service::Steady deadline);
    // Ends a claim that stands. Code::conflict if it does not, or is not for this run.
    service::Result<void> finish(store::WriteTxn& txn, const bus::EventId& lease, const bus::EventId& run);
    void close(store::WriteTxn& txn, const bus::EventId& run);    // whatever its state
    void requeue(store::WriteTxn& txn, const bus::EventId& run);  // the claim is void; it waits again
    void heartbeat(const bus::EventId& lease, service::Steady deadline);
    void cancelling(const bus::EventId& run);

    bool any_waiting() const;  // that could be leased now
    bool full() const { return jobs_.size() >= open_max; }
    std::vector<bus::EventId> lapsed(service::Steady now) const;
    const Job* find(const bus::EventId& run) const;
    std::optional<bus::EventId> run_of(const bus::EventId& lease) const;
    // The one whose id begins so: Code::not_found, Code::conflict if there are several.
    service::Result<bus::EventId> by_prefix(std::string_view text) const;
    std::size_t queued() const;
    std::size_t running() const;
    std::size_t held_by(const std::string& worker) const;
    std::vector<Job> list() const;  // in the order of the queue

private:
    void save(store::WriteTxn& txn, const Job& job);
    bool may_run(const Job& job) const;
    Job* next();

    store::Env& env_;
    store::Table table_;
    std::map<bus::EventId, Job> jobs_;
    std::map<bus::Sequence, bus::EventId> order_;
    std::map<std::string, std::uint32_t> running_by_key_;
};

}  // namespace parley::jobs
