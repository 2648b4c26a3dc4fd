// parley reload: the settings were changed while everything runs.

#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/check_settings.h"
#include "tools/parley/running.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program reload() {
    service::Program program{"parley reload", "Make parley up read the settings anew", {}, {}, {},
                             "Says all that is wrong with them first; then nothing happens. Otherwise only what the change touches is started again:\n"
                             "`parley up` says in its log what that is. It is what SIGHUP does to `parley up`."};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto checked = check_settings(arguments.settings_path);
        if (!checked) return service::fail(checked.error());
        const auto pid = Running::find(checked->house.data);
        if (!pid) return service::fail(pid.error());
        if (::kill(*pid, SIGHUP) != 0) return service::fail(service::Code::denied, fmt::format("cannot tell process {}: {}", *pid, std::strerror(errno)), "do it as the user who started it");
        fmt::print("The settings are good; parley up (process {}) reads them.\n", *pid);
        return {};
    };
    return program;
}

}  // namespace parley::cli
