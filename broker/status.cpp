#include "broker/status.h"

#include <algorithm>

namespace parley::broker {

Gauges::Gauges(const bus::Value& status) {
    counter("parley_broker_commits_total", "Groups of events written").set(status["commits"].number());
    counter("parley_broker_events_total", "Events written").set(status["events"].number());
    gauge("parley_broker_sequence", "The journal's newest event").set(status["sequence"].number());
    gauge("parley_broker_first_sequence", "The journal's oldest event").set(status["first"].number());
    gauge("parley_broker_journal_bytes", "Size of the journal").set(status["journal_bytes"].number());
    gauge("parley_broker_trouble", "1 while the journal cannot be written").set(status["trouble"].text().empty() ? 0 : 1);
    for (const auto* state : {"queued", "running"})
        gauge("parley_broker_jobs", "Runs, by state", {{"state", state}}).set(status["jobs"][state].number());
    gauge("parley_broker_workers", "Workers connected").set(status["workers"].number());
    for (const auto& follower : status["followers"].list()) {
        const Labels labels{{"follower", follower["name"].text()}};
        gauge("parley_follower_connected", "1 while it is connected", labels).set(follower["connected"].boolean() ? 1 : 0);
        gauge("parley_follower_lag_events", "Events that it is not done with", labels).set(follower["lag"].number());
        seconds_gauge("parley_follower_lag_seconds", "How long the oldest of them has waited", labels).set(follower["lag_us"].number());
    }
    service::measure_process(*this, "broker");
}

std::chrono::microseconds waited(journal::Journal& journal, bus::Sequence done, service::Time now) {
    const store::ReadTxn txn(journal.env());
    const auto record = journal.read(txn, std::max(done + 1, journal.first()));
    return record ? std::max(std::chrono::microseconds(0), std::chrono::duration_cast<std::chrono::microseconds>(now - record->journaled)) : std::chrono::microseconds(0);
}

bus::Value gateways_of(const bus::HouseSettings& house) {
    bus::Value::List out;
    for (const auto& gateway : house.gateways) {
        bus::Value::List rooms;
        for (const auto& room : gateway.rooms) rooms.push_back(room.text());
        out.push_back(bus::Value::map({{"name", gateway.name}, {"rooms", std::move(rooms)}}));
    }
    return bus::Value::map({{"gateways", std::move(out)}});
}

}  // namespace parley::broker
