// parley check: is the settings file good? Each program reads its own part, so each is asked with --check.

#include <cstdio>

#include "tools/parley/check_settings.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program check() {
    service::Program program{"parley check", "Say what is wrong with the settings, or nothing", {}, {}, {},
                             "Every program that `parley up` would start reads its part of the file. All that is wrong is printed, with\n"
                             "its line and, for a name that is not known, the nearest that is. Warnings name what works but is hardly\n"
                             "meant: a command whose program is not there, or that nobody may run. They stop nothing."};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto checked = check_settings(arguments.settings_path);
        if (!checked) return service::fail(checked.error());
        std::puts(checked->warnings == 0 ? "The settings are good." : "The settings are good, but see the warnings.");
        return {};
    };
    return program;
}

}  // namespace parley::cli
