// parley export: everything in the archive as lines of JSON, oldest first.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program export_() {
    service::Program program{"parley export", "Print the archive as JSON lines, oldest first", {{"--after", "SEQUENCE", "start behind this one (0)"}}, {}, {},
                             "  parley export > archive.jsonl\n"
                             "  parley export --after 120000 >> archive.jsonl     # what is new since"};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        const auto first = number(arguments, "--after", 0, 0, std::numeric_limits<std::int64_t>::max());
        if (!first) return fail(first.error());
        Session session(settings);
        auto after = *first;
        std::int64_t count = 0, at_once = 1000;
        for (;;) {
            const auto page = session.ask("archive", "export", bus::Value::map({{"after", after}, {"limit", at_once}}), std::chrono::seconds(30));
            if (!page && page.error().code == Code::limit && at_once > 1) {  // large ones: fewer go into one answer
                at_once /= 2;
                continue;
            }
            if (!page) return fail(page.error());
            const auto& events = (*page)["events"].list();
            if (events.empty()) break;
            for (const auto& event : events) fmt::print("{}\n", event.json());
            count += static_cast<std::int64_t>(events.size());
            after = events.back()["sequence"].number();
            at_once = std::min<std::int64_t>(1000, at_once * 2);
        }
        if (std::fflush(stdout) != 0) return fail(Code::io, "the events could not all be written", "is there room where they go?");
        fmt::print(stderr, "{} events\n", count);
        return {};
    });
    return program;
}

}  // namespace parley::cli
