// parley show ID: the whole of one event or run.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program show() {
    service::Program program{"parley show", "Print the whole of one event or run, as JSON", {}, {}, "ID",
                             "  parley show 7zqk2m0c     # the first characters are enough, as `parley search` and `parley tail` print them"};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        if (arguments.words.size() != 1) return fail(Code::invalid, "show needs one id", "parley show 7zqk2m0c");
        Session session(settings);
        const auto request = bus::Value::map({{"id", arguments.words[0]}, {"viewer", bus::Value::map({{"operator", true}})}});
        auto answer = session.ask("archive", "run", request);
        const bool no_run = !answer && answer.error().code != Code::unavailable && answer.error().code != Code::timeout;
        if (no_run) answer = session.ask("archive", "event", request);
        if (!answer) return fail(answer.error());
        fmt::print("{}\n", answer->json());
        return {};
    });
    return program;
}

}  // namespace parley::cli
