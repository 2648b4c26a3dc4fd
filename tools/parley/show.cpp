// parley show ID: the whole of one event or run.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program show() {
    service::Program program{"parley show", "Print the whole of one event or run, as JSON", {}, {}, "ID"};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        if (arguments.words.size() != 1) return service::fail(service::Code::invalid, "show needs one id", "parley show 7zqk2m0c");
        Session session(*settings);
        const auto request = bus::Value::map({{"id", arguments.words[0]}, {"viewer", bus::Value::map({{"operator", true}})}});
        auto answer = session.ask("archive", "run", request);
        if (!answer) answer = session.ask("archive", "event", request);
        if (!answer) return service::fail(answer.error());
        fmt::print("{}\n", answer->json());
        return {};
    };
    return program;
}

}  // namespace parley::cli
