#include "broker/jobs/jobs.h"

#include <algorithm>

#include "broker/bus/value.h"
#include "broker/service/invariant.h"

namespace parley::jobs {

using bus::Value;
using service::Code;
using service::fail;

namespace {

std::string encode(const Job& job) {
    return Value::map({{"sequence", job.sequence}, {"requested", job.requested}, {"command", job.command}, {"key", job.concurrency_key},
                       {"max", job.concurrency_max}, {"idempotent", job.idempotent}, {"attempt", job.attempt},
                       {"lease", std::string(job.lease.view())}, {"worker", job.worker}})
        .encode();
}

std::optional<Job> decode(std::string_view key, std::string_view bytes) {
    const auto id = bus::EventId::from_bytes(key);
    const auto value = Value::decode(bytes);
    if (!id || !value) return std::nullopt;
    Job job;
    job.run = *id;
    job.sequence = static_cast<bus::Sequence>((*value)["sequence"].number());
    job.requested = (*value)["requested"].text();
    job.command = (*value)["command"].text();
    job.concurrency_key = (*value)["key"].text();
    job.concurrency_max = static_cast<std::uint32_t>((*value)["max"].number());
    job.idempotent = (*value)["idempotent"].boolean();
    job.attempt = static_cast<std::uint32_t>((*value)["attempt"].number());
    job.lease = bus::EventId::from_bytes((*value)["lease"].text()).value_or(bus::EventId{});
    job.worker = (*value)["worker"].text();
    return job;
}

}  // namespace

Jobs::Jobs(store::Env& env, service::Steady grace_until) : env_(env), table_(env, "jobs") { reload(grace_until); }

void Jobs::reload(service::Steady grace_until) {
    jobs_.clear();
    order_.clear();
    running_by_key_.clear();
    const store::ReadTxn txn(env_);
    store::each_with_prefix(txn, table_, "", [&](std::string_view key, std::string_view bytes) {
        auto job = decode(key, bytes);
        service::invariant(job.has_value(), "a job in the store cannot be read");
        job->deadline = grace_until;
        order_[job->sequence] = job->run;
        if (job->lease) ++running_by_key_[job->concurrency_key];
        jobs_[job->run] = std::move(*job);
        return true;
    });
}

void Jobs::save(store::WriteTxn& txn, const Job& job) { table_.put(txn, job.run.view(), encode(job)); }

void Jobs::add(store::WriteTxn& txn, const bus::Event& requested, std::string encoded, bus::Sequence sequence) {
    const auto& asked = std::get<bus::CommandRequested>(requested.body);
    Job job;
    job.run = requested.id;
    job.sequence = sequence;
    job.requested = std::move(encoded);
    job.command = asked.command;
    job.concurrency_key = asked.action.concurrency_key;
    job.concurrency_max = asked.action.concurrency_max;
    job.idempotent = asked.action.idempotent;
    save(txn, job);
    order_[sequence] = job.run;
    jobs_[job.run] = std::move(job);
}

bool Jobs::may_run(const Job& job) const {
    if (job.lease) return false;
    if (job.concurrency_max == 0) return true;
    const auto running = running_by_key_.find(job.concurrency_key);
    return running == running_by_key_.end() || running->second < job.concurrency_max;
}

Job* Jobs::next() {
    for (const auto& [sequence, run] : order_) {
        if (auto& job = jobs_.at(run); may_run(job)) return &job;
    }
    return nullptr;
}

bool Jobs::any_waiting() const { return const_cast<Jobs*>(this)->next() != nullptr; }

std::optional<Job> Jobs::lease(store::WriteTxn& txn, const std::string& worker, const bus::EventId& lease, service::Steady deadline) {
    auto* job = next();
    if (job == nullptr) return std::nullopt;
    job->lease = lease;
    job->worker = worker;
    job->deadline = deadline;
    ++job->attempt;
    ++running_by_key_[job->concurrency_key];
    save(txn, *job);
    return *job;
}

service::Result<void> Jobs::finish(store::WriteTxn& txn, const bus::EventId& lease, const bus::EventId& run) {
    const auto it = jobs_.find(run);
    if (it == jobs_.end() || !lease || it->second.lease != lease) {
        return fail(Code::conflict, "this lease does not stand any more", "the run was declared lost; nothing was published");
    }
    close(txn, run);
    return {};
}

void Jobs::close(store::WriteTxn& txn, const bus::EventId& run) {
    const auto it = jobs_.find(run);
    if (it == jobs_.end()) return;
    if (it->second.lease) --running_by_key_[it->second.concurrency_key];
    order_.erase(it->second.sequence);
    jobs_.erase(it);
    table_.erase(txn, run.view());
}

void Jobs::requeue(store::WriteTxn& txn, const bus::EventId& run) {
    const auto it = jobs_.find(run);
    if (it == jobs_.end()) return;
    auto& job = it->second;
    if (job.lease) --running_by_key_[job.concurrency_key];
    job.lease = {};
    job.worker.clear();
    save(txn, job);
}

void Jobs::heartbeat(const bus::EventId& lease, service::Steady deadline) {
    for (auto& [run, job] : jobs_) {
        if (job.lease == lease) job.deadline = deadline;
    }
}

void Jobs::cancelling(const bus::EventId& run) {
    if (const auto it = jobs_.find(run); it != jobs_.end()) it->second.cancelling = true;
}

std::vector<bus::EventId> Jobs::lapsed(service::Steady now) const {
    std::vector<bus::EventId> out;
    for (const auto& [run, job] : jobs_) {
        if (job.lease && job.deadline < now) out.push_back(run);
    }
    return out;
}

const Job* Jobs::find(const bus::EventId& run) const {
    const auto it = jobs_.find(run);
    return it == jobs_.end() ? nullptr : &it->second;
}

std::optional<bus::EventId> Jobs::run_of(const bus::EventId& lease) const {
    for (const auto& [run, job] : jobs_) {
        if (job.lease && job.lease == lease) return run;
    }
    return std::nullopt;
}

service::Result<bus::EventId> Jobs::by_prefix(std::string_view text) const {
    std::optional<bus::EventId> found;
    for (const auto& [run, job] : jobs_) {
        if (text.empty() || !run.text().starts_with(text)) continue;
        if (found) return fail(Code::conflict, "several open runs begin with " + std::string(text), "give more of the id");
        found = run;
    }
    if (found) return *found;
    return fail(Code::not_found, "no open run begins with \"" + std::string(text) + "\"", "it may have ended already");
}

std::size_t Jobs::running() const {
    return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const auto& entry) { return static_cast<bool>(entry.second.lease); }));
}
std::size_t Jobs::queued() const { return jobs_.size() - running(); }
std::size_t Jobs::held_by(const std::string& worker) const {
    return static_cast<std::size_t>(std::count_if(jobs_.begin(), jobs_.end(), [&](const auto& entry) { return entry.second.lease && entry.second.worker == worker; }));
}

std::vector<Job> Jobs::list() const {
    std::vector<Job> out;
    for (const auto& [sequence, run] : order_) out.push_back(jobs_.at(run));
    return out;
}

}  // namespace parley::jobs
