// The programs of a simulated house, put together as their main functions do it.
#pragma once

#include <memory>

#include "tests/faults/simulation/house.h"

namespace parley::simulation {

std::unique_ptr<Program> make_broker(const Process& process, const broker::Settings& settings);
// `bridge` is set to it as long as it runs.
std::unique_ptr<Program> make_bridge(const Process& process, kit::BridgeOptions options, ChatServer& chat, std::vector<std::string> rooms, const kit::Bridge*& bridge);
// `executed` is called once for each execution, with the run and whether it may be run again.
std::unique_ptr<Program> make_worker(const Process& process, const bus::HouseSettings& house, std::function<void(const bus::EventId&, bool)> executed);

}  // namespace parley::simulation
