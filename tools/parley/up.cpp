// parley up: run everything that the settings name.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "broker/service/log.h"
#include "broker/service/reactor.h"
#include "tools/parley/check_settings.h"
#include "tools/parley/running.h"
#include "tools/parley/settings_copy.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

namespace log = service::log;

bool has_terminal() {
    const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal >= 0) ::close(terminal);
    return terminal >= 0;
}

void read_anew(Supervisor& supervisor, const std::string& settings_path, SettingsCopy& copy, const std::filesystem::path& data) {
    const auto newer = SettingsCopy::of(settings_path);
    if (!newer) return log::error("the settings stay as they were", {{"why", newer.error().what}});
    auto checked = check_settings(settings_path, newer->path());  // prints all that is wrong
    if (!checked) return log::error("the settings stay as they were", {{"why", checked.error().what}});
    if (checked->house.data != data) return log::error("the settings stay as they were", {{"why", "[parley] data cannot change while it runs"}, {"hint", "end parley up, and start it again"}});
    if (const auto replaced = copy.replace_by(*newer); !replaced) return log::error("the settings stay as they were", {{"why", replaced.error().what}});
    log::info("the settings were read anew", {{"file", settings_path}});
    for (auto& program : checked->programs) std::replace(program.arguments.begin(), program.arguments.end(), newer->path(), copy.path());
    supervisor.change_to(std::move(checked->programs));
}

}  // namespace

service::Program up() {
    service::Program program{"parley up", "Run everything that the settings name; start again what dies", {}, {}, {},
                             "Ends on Ctrl-C or SIGTERM, and ends all it has started first. Starts nothing if the settings are wrong.\n"
                             "On SIGHUP (parley reload) it reads the settings anew, and starts again what the change touches; if they are wrong, it\n"
                             "says so and goes on with the old ones."};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        auto copy = SettingsCopy::of(arguments.settings_path);
        if (!copy) return service::fail(copy.error());
        auto checked = check_settings(arguments.settings_path, copy->path());
        if (!checked) return service::fail(checked.error());
        if (arguments.check) return std::puts("The settings are good."), service::Result<void>{};
        const auto running = Running::claim(checked->house.data);
        if (!running) return service::fail(running.error());
        service::Reactor reactor;
        const auto stop = reactor.on_signal({SIGINT, SIGTERM}, [&](int) { reactor.stop(); });
        Supervisor supervisor(reactor, std::move(checked->programs));
        // A terminal that is closed says the same as who wants a reload.
        const bool had_terminal = has_terminal();
        const auto reload = reactor.on_signal({SIGHUP}, [&](int) {
            if (had_terminal && !has_terminal()) return reactor.stop();
            read_anew(supervisor, arguments.settings_path, *copy, checked->house.data);
        });
        reactor.run();
        return {};
    };
    return program;
}

}  // namespace parley::cli
