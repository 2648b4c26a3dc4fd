// One run: a house, people who talk, and what goes wrong, all of it from one seed.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/faults/simulation/checker.h"

namespace parley::simulation {

enum class Fault {
    kill, kill_between_effects, power_cut, restart, pause, wire_cut, wire_stall, wire_full, platform_cut, platform_stall, platform_down, kick, disk_full, clock_step,
};
constexpr std::size_t fault_kinds = 14;
std::string_view name(Fault fault);

struct Options {
    std::uint64_t seed = 1;
    std::filesystem::path folder;
    bool trace = false;
    Sabotage sabotage;
};

struct Report {
    Verdict verdict;
    std::array<std::uint64_t, fault_kinds> faults{};
    std::string stuck;  // why it did not come to rest; empty: it did
    Micros lasted = 0;
    std::uint64_t fingerprint = 0;  // the same for the same run
    std::uint64_t steps = 0, frames = 0, commits = 0, ended_by_errors = 0;
    bool good() const { return stuck.empty() && verdict.breaches.empty(); }
};

Report run(const Options& options);

}  // namespace parley::simulation
