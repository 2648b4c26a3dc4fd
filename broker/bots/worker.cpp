#include "broker/bots/worker.h"

#include "broker/bots/strays.h"
#include "broker/service/log.h"

namespace parley::bots {

Worker::Worker(service::Reactor& reactor, const bus::HouseSettings& house, const bus::Keys& keys, std::string name, std::uint32_t slots)
    : reactor_(reactor), house_(house), name_(std::move(name)), client_(reactor, {house.endpoint, name_, bus::Role::worker, keys, 65536}) {
    become_subreaper();
    reaper_ = reactor_.every(std::chrono::seconds(5), reap_strays);
    client_.lease(
        slots,
        [this](bus::Job job) {
            const auto id = job.requested.id;
            service::log::info("run", {{"id", id.brief()}, {"command", std::get<bus::CommandRequested>(job.requested.body).command}});
            runs_[id] = std::make_unique<Run>(RunContext{reactor_, client_, house_, clock_, name_}, std::move(job), [this, id] { runs_.erase(id); });
        },
        [this](bus::EventId run) {
            if (const auto it = runs_.find(run); it != runs_.end()) it->second->cancel();
        });
}

}  // namespace parley::bots
