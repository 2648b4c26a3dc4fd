// parley check: is the settings file good? Each program reads its own part, so each is asked with --check.

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program check() {
    service::Program program{"parley check", "Say what is wrong with the settings, or nothing", {}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        int bad = 0;
        for (auto& command : programs_of(*settings, arguments.settings_path)) {
            command.arguments.emplace_back("--check");
            const auto child = start(command);
            int status = 0;
            if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) ++bad;
        }
        if (bad > 0) return service::fail(service::Code::invalid, fmt::format("{} of the programs would not start", bad), "mend what is printed above");
        std::puts("The settings are good.");
        return {};
    };
    return program;
}

}  // namespace parley::cli
