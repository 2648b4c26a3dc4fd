// parley export: everything in the archive as lines of JSON, oldest first.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program export_() {
    service::Program program{"parley export", "Print the archive as JSON lines, oldest first", {{"--after", "SEQUENCE", "start behind this one (0)"}}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        Session session(*settings);
        std::int64_t after = std::atoll(service::option(arguments, "--after", "0").c_str());
        std::int64_t count = 0;
        for (;;) {
            const auto page = session.ask("archive", "export", bus::Value::map({{"after", after}, {"limit", 1000}}), std::chrono::seconds(30));
            if (!page) return service::fail(page.error());
            const auto& events = (*page)["events"].list();
            if (events.empty()) break;
            for (const auto& event : events) fmt::print("{}\n", event.json());
            count += static_cast<std::int64_t>(events.size());
            after = events.back()["sequence"].number();
        }
        fmt::print(stderr, "{} events\n", count);
        return {};
    };
    return program;
}

}  // namespace parley::cli
