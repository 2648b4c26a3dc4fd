// parley up: run everything that the settings name.

#include <cstdio>

#include <csignal>

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program up() {
    service::Program program{"parley up", "Run everything that the settings name; start again what dies", {}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        if (arguments.check) return std::puts("The settings are good."), service::Result<void>{};
        service::Reactor reactor;
        const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
        const Supervisor supervisor(reactor, programs_of(*settings, arguments.settings_path));
        reactor.run();
        return {};
    };
    return program;
}

}  // namespace parley::cli
