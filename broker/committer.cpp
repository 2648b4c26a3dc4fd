#include "broker/committer.h"

#include "broker/bus/codec.h"
#include "broker/ends.h"
#include "broker/service/log.h"

namespace parley::broker {

using bus::Event;
using bus::Kind;
using journal::Journal;
using service::Code;
using service::Error;

Committer::Committer(Journal& journal, jobs::Jobs& jobs, const Commands& commands, const service::Clock& clock, service::Random& random,
                     std::chrono::milliseconds heartbeat_every)
    : journal_(journal), jobs_(jobs), commands_(commands), clock_(clock), random_(random), heartbeat_every_(heartbeat_every) {}

void Committer::append_ours(Journal::Batch& batch, const Event& event, std::size_t& fresh) {
    auto bytes = bus::encode(event);
    const auto appended = batch.append(event.id, bytes);
    if (!appended.fresh) return;
    ++fresh;
    if (event.kind() == Kind::command_requested) jobs_.add(batch.txn(), event, std::move(bytes), appended.sequence);
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) jobs_.close(batch.txn(), finished->run);
}

// A message may be a command; what follows from it is journaled with it or not at all (docs/decisions/0001).
void Committer::follow_up(Journal::Batch& batch, const Event& message, std::size_t& fresh) {
    for (const auto& event : commands_.consider(message)) {
        const bool full = event.kind() == Kind::command_requested && jobs_.full();
        append_ours(batch, event, fresh);
        if (full) append_ours(batch, too_many(event), fresh);
    }
}

// Output of a run that has ended (lost, while its worker was only cut off) is kept for the record, and not shown any more.
Journal::Batch::Appended Committer::append_output(Journal::Batch& batch, const Event& event, const std::string& bytes) {
    const auto& output = std::get<bus::RunOutput>(event.body);
    if (output.shown.empty() || jobs_.find(output.run) != nullptr) return batch.append(event.id, bytes);
    auto unseen = event;
    std::get<bus::RunOutput>(unseen.body).shown = {};
    return batch.append(event.id, bus::encode(unseen));
}

std::vector<bus::Sequence> Committer::publish(Journal::Batch& batch, const PendingPublish& pending, std::size_t& fresh) {
    std::vector<bus::Sequence> sequences;
    sequences.reserve(pending.events.size());
    for (std::size_t i = 0; i < pending.events.size(); ++i) {
        const auto& event = pending.events[i];
        const auto& bytes = pending.frame.events[i];
        const auto appended = event.kind() == Kind::run_output ? append_output(batch, event, bytes) : batch.append(event.id, bytes);
        sequences.push_back(appended.sequence);
        if (!appended.fresh) continue;
        ++fresh;
        if (event.kind() == Kind::message && !event.origin.native_id.empty()) follow_up(batch, event, fresh);
    }
    return sequences;
}

void Committer::lease(Journal::Batch& batch, const std::vector<FreeSlot>& slots, Done& done) {
    const auto deadline = clock_.steady() + 4 * heartbeat_every_;
    for (const auto& slot : slots) {
        const auto job = jobs_.lease(batch.txn(), slot.worker, bus::random_id(random_), deadline);
        if (!job) return;
        done.answers.emplace_back(slot.peer, bus::from_broker::JobOffer{job->lease, job->requested, job->attempt, heartbeat_every_, job->sequence});
    }
}

Committer::Done Committer::commit(const Work& work) {
    Done done;
    try {
        Journal::Batch batch(journal_, clock_.now());
        for (const auto& pending : work.publishes) {
            done.answers.emplace_back(pending.peer, bus::from_broker::Published{pending.frame.request, publish(batch, pending, done.events)});
        }
        for (const auto& [peer, frame, event] : work.finishes) {
            const auto& run = std::get<bus::RunFinished>(event.body).run;
            // An answer that was lost on its way: the same finish comes again, and its event is here already.
            if (const auto known = journal_.find(batch.txn(), event.id)) {
                done.answers.emplace_back(peer, bus::from_broker::Finished{frame.request, *known});
            } else if (const auto ended = jobs_.finish(batch.txn(), frame.lease, run); !ended) {
                done.answers.emplace_back(peer, bus::from_broker::Refused{frame.request, ended.error()});
            } else {
                done.answers.emplace_back(peer, bus::from_broker::Finished{frame.request, batch.append(event.id, frame.event).sequence});
                ++done.events;
            }
        }
        for (const auto& end : work.ends) {
            if (jobs_.find(std::get<bus::RunFinished>(end.finished.body).run) != nullptr) append_ours(batch, end.finished, done.events);
        }
        for (const auto& run : work.requeues) jobs_.requeue(batch.txn(), run);
        lease(batch, work.slots, done);
        for (const auto& [cursor, sequence] : work.cursors) batch.move_cursor(cursor, sequence);
        batch.commit();
    } catch (const store::Failure& failure) {
        // Nothing was written, nothing is answered.
        jobs_.reload(clock_.steady() + 4 * heartbeat_every_);
        done = {};
        done.error = {Code::io, failure.what(), failure.full() ? "free some space; it is taken as soon as there is room" : ""};
    }
    return done;
}

}  // namespace parley::broker
