// The main function of every bridge: settings, bus client, outbox, spool, and the platform between them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/kit/platform.h"
#include "broker/bus/house_settings.h"
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
    std::string keeper = {};         // the socket of this account's keeper; empty: we hold the connection ourselves
};

// Reads [account.NAME] (all keys but `platform`) and makes the platform. It must call finish() on the table.
using Factory = std::function<std::unique_ptr<Platform>(service::Table account, Context context)>;

// Where an account's keeper listens: a folder that only we may open.
std::filesystem::path keeper_socket(const bus::HouseSettings& house, const std::string& account);
// Held as long as the process lives: two of them on one folder would say everything twice. Code::conflict.
service::Result<int> lock_folder(const std::filesystem::path& folder, std::string_view what);

// `parley-irc --account libera --settings parley.toml`. Returns the exit code. With `has_keeper` it takes --kept.
int run_bridge(std::string_view platform, const Factory& make, int argc, char** argv, bool has_keeper = false);

}  // namespace parley::kit
