// The main function of every bridge: settings, bus client, outbox, spool, and the platform between them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/kit/platform.h"
#include "broker/service/reactor.h"
#include "broker/service/settings.h"

namespace parley::kit {

// What the factory may use; everything here outlives the platform.
struct Context {
    service::Reactor& reactor;
    Host& host;
    const service::Clock& clock;
    service::Random& random;
    std::string account;             // its name in the settings
    std::vector<std::string> rooms;  // native names of the rooms that some gateway or [room] names on this account
    std::string data_folder;         // the platform's own files go here
};

// Reads [account.NAME] (all keys but `platform`) and makes the platform. It must call finish() on the table.
using Factory = std::function<std::unique_ptr<Platform>(service::Table account, Context context)>;

// `parley-irc --account libera --settings parley.toml`. Returns the exit code.
int run_bridge(std::string_view platform, const Factory& make, int argc, char** argv);

}  // namespace parley::kit
