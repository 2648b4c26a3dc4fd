// parley status: what runs, what lags, what waits.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

void print(const bus::Value& value, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    for (const auto& [key, entry] : value.entries()) {
        if (entry.is_map()) {
            fmt::print("{}{}:\n", indent, key);
            print(entry, depth + 1);
        } else if (entry.is_list()) {
            fmt::print("{}{}:{}\n", indent, key, entry.list().empty() ? " none" : "");
            for (const auto& item : entry.list()) {
                if (!item.is_map()) {
                    fmt::print("{}  {}\n", indent, item.is_text() ? item.text() : item.json());
                    continue;
                }
                std::string line;
                for (const auto& [k, v] : item.entries()) line += fmt::format("{}{}={}", line.empty() ? "" : "  ", k, v.is_text() ? v.text() : v.json());
                fmt::print("{}  {}\n", indent, line);
            }
        } else {
            fmt::print("{}{}: {}\n", indent, key, entry.is_text() ? entry.text() : entry.json());
        }
    }
}

}  // namespace

service::Program status() {
    service::Program program{"parley status", "What runs, what lags, what waits", {{"--json", "", "print JSON"}}, {}, {}};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        Session session(*settings);
        auto all = bus::Value::map({});
        const auto broker = session.ask("broker", "status", bus::Value::map({}));
        if (!broker) return service::fail(broker.error());
        all.set("broker", *broker);
        // A part that does not answer is part of the answer.
        const auto add = [&](const std::string& service) {
            const auto answer = session.ask(service, "status", bus::Value::map({}), std::chrono::seconds(2));
            all.set(service, answer ? *answer : bus::Value(answer.error().text()));
        };
        add("archive");
        for (const auto& [account, platform] : settings->accounts) {
            if (platform != "web") add("account." + account);
        }
        if (service::flag(arguments, "--json")) fmt::print("{}\n", all.json());
        else print(all, 0);
        return {};
    };
    return program;
}

}  // namespace parley::cli
