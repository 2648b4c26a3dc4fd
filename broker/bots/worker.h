// One worker: leases jobs and runs them, `slots` at a time.
#pragma once

#include <map>
#include <memory>

#include "broker/bots/run.h"

namespace parley::bots {

class Worker {
public:
    Worker(service::Reactor& reactor, const bus::HouseSettings& house, const bus::Keys& keys, std::string name, std::uint32_t slots);

private:
    service::Reactor& reactor_;
    const bus::HouseSettings& house_;
    std::string name_;
    service::SystemClock clock_;
    bus::Client client_;
    std::map<bus::EventId, std::unique_ptr<Run>> runs_;
    service::Reactor::Handle reaper_;
};

}  // namespace parley::bots
