// parley up: run everything that the settings name.

#include <csignal>
#include <cstdio>

#include "broker/service/reactor.h"
#include "tools/parley/check_settings.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program up() {
    service::Program program{"parley up", "Run everything that the settings name; start again what dies", {}, {}, {},
                             "Ends on Ctrl-C or SIGTERM, and ends all it has started first. Starts nothing if the settings are wrong."};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        auto checked = check_settings(arguments.settings_path);
        if (!checked) return service::fail(checked.error());
        if (arguments.check) return std::puts("The settings are good."), service::Result<void>{};
        service::Reactor reactor;
        const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
        const Supervisor supervisor(reactor, std::move(checked->programs));
        reactor.run();
        return {};
    };
    return program;
}

}  // namespace parley::cli
