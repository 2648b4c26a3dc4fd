#include "broker/cancelling.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/bus/codec.h"

namespace parley::broker {

using service::Code;
using service::fail;

namespace {

bool asked_for_by(const bus::Event& requested, const std::vector<std::string>& identities) {
    const auto& author = requested.author;
    const auto identity = requested.origin.room.account + "/" + (author.id.empty() ? author.name : author.id);
    return std::find(identities.begin(), identities.end(), identity) != identities.end();
}

// Of those that run a program: what is built in is over before anybody could stop it, and `!cancel` is itself one.
service::Result<bus::EventId> latest(const jobs::Jobs& jobs, const std::vector<std::string>& identities) {
    const auto open = jobs.list();
    for (auto job = open.rbegin(); job != open.rend(); ++job) {
        const auto requested = bus::decode(job->requested);
        const auto* command = requested ? std::get_if<bus::CommandRequested>(&requested->body) : nullptr;
        if (command != nullptr && command->action.kind == bus::Action::Kind::exec && asked_for_by(*requested, identities)) return job->run;
    }
    return fail(Code::not_found, "no run of yours is open", "name another by its id: it stands where the run was begun, and on its page");
}

}  // namespace

AskedToCancel asked_to_cancel(const bus::Value& request) {
    AskedToCancel out;
    out.run = request["run"].text();
    out.who = request["who"].text("somebody");
    for (const auto* key : {"identity", "also"}) {
        if (auto identity = request[key].text(); !identity.empty()) out.identities.push_back(std::move(identity));
    }
    out.anyones = request["anyones"].boolean(out.identities.empty());
    return out;
}

service::Result<bus::EventId> run_to_cancel(const jobs::Jobs& jobs, const AskedToCancel& asked) {
    if (asked.run.empty()) return latest(jobs, asked.identities);
    auto run = jobs.by_prefix(asked.run);
    if (!run || asked.anyones) return run;
    const auto& job = *jobs.find(*run);
    const auto requested = bus::decode(job.requested);
    if (!requested || asked_for_by(*requested, asked.identities)) return run;
    return fail(Code::denied, fmt::format("`{}` was asked for by {}", job.command, requested->author.name), "they can cancel it, or who the settings allow to");
}

}  // namespace parley::broker
