// parley check: is the settings file good? Each program reads its own part, so each is asked with --check.

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/supervisor.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program check() {
    service::Program program{"parley check", "Say what is wrong with the settings, or nothing", {}, {}, {},
                             "Every program that `parley up` would start reads its part of the file. What is wrong is printed with\n"
                             "its line and, for a name that is not known, the nearest that is."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (auto good = check_all(programs_of(settings, arguments.settings_path)); !good) return good;
        std::puts("The settings are good.");
        return {};
    });
    return program;
}

}  // namespace parley::cli
