// All that is wrong with the settings, at once: what the file itself shows, and what each program that `parley up` would
// start says to --check.
#pragma once

#include <string>
#include <vector>

#include "broker/bus/house_settings.h"
#include "tools/parley/supervisor.h"

namespace parley::cli {

struct Checked {
    bus::HouseSettings house;
    std::vector<Command> programs;
    std::size_t warnings = 0;
};

// Prints every problem and every warning, each once and with its line. Code::settings if there is a problem. `copy`: where
// the programs find a copy of it (settings_copy.h); empty: they read the file itself.
service::Result<Checked> check_settings(const std::string& settings_path, const std::string& copy = {});

}  // namespace parley::cli
