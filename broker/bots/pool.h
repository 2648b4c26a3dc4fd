// The parent of the workers: starts them, starts again those that die, and ends whatever a dead worker's runs left
// behind. It is their subreaper, so even a grandchild in a group of its own comes back to it.
#pragma once

#include <functional>

#include "broker/service/result.h"

namespace parley::bots {

// Runs `worker(number)` in `count` child processes, numbered from 1, until SIGTERM or SIGINT.
service::Result<void> run_pool(unsigned count, const std::function<int(unsigned)>& worker);

}  // namespace parley::bots
