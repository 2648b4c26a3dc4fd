// The web process put together: settings, the bus, the server.
#pragma once

#include <string>

#include "broker/bus/house_settings.h"
#include "broker/service/result.h"
#include "broker/service/settings.h"

namespace parley::web {

struct Settings {
    std::string listen = "127.0.0.1:8080";
    bool local_sign_in = true;         // on loopback a visitor without a cookie is the operator
    std::size_t connections_max = 96;  // at once; two thirds of them may be live rooms
};
Settings read_settings(service::Table& root);

// Until SIGINT or SIGTERM.
service::Result<void> serve(const bus::HouseSettings& house, const Settings& settings);

}  // namespace parley::web
