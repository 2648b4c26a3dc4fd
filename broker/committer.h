// One group commit: everything that arrived in a batch, what follows from it, and the claims of waiting workers, in one
// transaction; the answers are sent after it is on disk.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/bus/frames.h"
#include "broker/bus/server.h"
#include "broker/jobs/jobs.h"

namespace parley::broker {

struct PendingPublish {
    bus::Peer peer;
    bus::to_broker::Publish frame;
    std::vector<bus::Event> events;  // the frame's, decoded
};
struct PendingFinish {
    bus::Peer peer;
    bus::to_broker::Finish frame;
    bus::Event event;  // decoded
};
// What the broker itself has to say of a run: lost, cancelled. The job is closed with it.
struct PendingEnd {
    bus::Event finished;
};
struct FreeSlot {
    bus::Peer peer;
    std::string worker;
};

struct Work {
    std::vector<PendingPublish> publishes;
    std::vector<PendingFinish> finishes;
    std::vector<PendingEnd> ends;
    std::vector<bus::EventId> requeues;
    std::vector<FreeSlot> slots;
    std::vector<std::pair<std::string, bus::Sequence>> cursors;
    bool empty() const { return publishes.empty() && finishes.empty() && ends.empty() && requeues.empty() && cursors.empty(); }
};

class Committer {
public:
    using Send = std::function<bool(const bus::Peer&, const bus::FromBroker&)>;
    Committer(journal::Journal& journal, jobs::Jobs& jobs, const Commands& commands, const service::Clock& clock, service::Random& random,
              std::chrono::milliseconds heartbeat_every);

    // The answers, to be sent in order. On a full disk nothing was written, there are none, and the error is set.
    struct Done {
        std::vector<std::pair<bus::Peer, bus::FromBroker>> answers;
        service::Error error;
        std::size_t events = 0;
    };
    Done commit(const Work& work);

private:
    std::vector<bus::Sequence> publish(journal::Journal::Batch& batch, const PendingPublish& pending, std::size_t& fresh);
    void follow_up(journal::Journal::Batch& batch, const bus::Event& message, std::size_t& fresh);
    journal::Journal::Batch::Appended append_output(journal::Journal::Batch& batch, const bus::Event& event, const std::string& bytes);
    void append_ours(journal::Journal::Batch& batch, const bus::Event& event, std::size_t& fresh);
    void lease(journal::Journal::Batch& batch, const std::vector<FreeSlot>& slots, Done& done);

    journal::Journal& journal_;
    jobs::Jobs& jobs_;
    const Commands& commands_;
    const service::Clock& clock_;
    service::Random& random_;
    std::chrono::milliseconds heartbeat_every_;
};

}  // namespace parley::broker
