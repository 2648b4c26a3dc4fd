// [command.NAME]: what may be asked, by whom, and what is then run. Commands built in stand in the same
// table.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/bus/event.h"
#include "broker/bus/house_settings.h"
#include "broker/dispatch/parameters.h"
#include "broker/service/settings.h"

namespace parley::dispatch {

struct Command {
    std::string name;
    std::string summary;
    bool built_in = false;
    std::vector<Parameter> parameters;
    std::vector<std::string> allow;  // "*", "account/native-id", "room:account/room", "gateway:NAME"; empty: nobody
    // How well a rule that names a person wants them proven: a nickname alone is anybody's.
    bus::Strength proven = bus::Strength::account;
    bus::Action action;  // argv still with its "{name}" placeholders
};

struct Settings {
    std::string name = "parley";
    std::string prefix = "!";
    std::vector<bus::Gateway> gateways;
    std::map<std::string, Command> commands;  // by name
    // A command that reaches us later than this is not run any more: who asked does not wait for it now.
    std::chrono::seconds stale_after{600};
};

// Reads [command.*] to its last key; what is wrong is reported through the table.
Settings read_settings(service::Table& root, const bus::HouseSettings& house);

// The page answers this one, in direct messages only (web/live/login.h); here it is for help and hints.
constexpr std::string_view login = "login";

// The commands that need no settings, each with who may use it by default.
std::vector<Command> built_in_commands();

}  // namespace parley::dispatch
