// parley up: run everything that the settings name.

#include <csignal>
#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program up() {
    service::Program program{"parley up", "Run everything that the settings name; start again what dies", {}, {}, {},
                             "Ends on Ctrl-C or SIGTERM, and ends all it has started first. Starts nothing if the settings are wrong."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        const auto programs = programs_of(settings, arguments.settings_path);
        if (auto good = check_all(programs); !good) return good;
        if (arguments.check) return std::puts("The settings are good."), Result<void>{};
        service::Reactor reactor;
        const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
        const Supervisor supervisor(reactor, programs);
        reactor.run();
        return {};
    });
    return program;
}

}  // namespace parley::cli
