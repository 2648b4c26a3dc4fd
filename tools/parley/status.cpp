// parley status: what runs, what lags, what waits.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

std::string shown(const bus::Value& value) { return for_terminal(value.is_text() ? value.text() : value.json()); }

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
                    fmt::print("{}  {}\n", indent, shown(item));
                    continue;
                }
                std::string line;
                for (const auto& [k, v] : item.entries()) line += fmt::format("{}{}={}", line.empty() ? "" : "  ", k, shown(v));
                fmt::print("{}  {}\n", indent, line);
            }
        } else {
            fmt::print("{}{}: {}\n", indent, key, shown(entry));
        }
    }
}

}  // namespace

service::Program status() {
    service::Program program{"parley status", "What runs, what lags, what waits", {{"--json", "", "print JSON"}}, {}, {},
                             "Asks the broker, the archive and each account's bridge. What does not answer is named, and the exit code is 69."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        Session session(settings);
        auto all = bus::Value::map({});
        const auto broker = session.ask("broker", "status", bus::Value::map({}));
        if (!broker) return fail(broker.error());
        all.set("broker", *broker);
        std::string away;
        // A part that does not answer is part of the answer.
        const auto add = [&](const std::string& service) {
            const auto answer = session.ask(service, "status", bus::Value::map({}), std::chrono::seconds(2));
            all.set(service, answer ? *answer : bus::Value(answer.error().text()));
            if (!answer) away += (away.empty() ? "" : ", ") + service;
        };
        add("archive");
        for (const auto& [account, platform] : settings.accounts) {
            if (platform != "web") add("account." + account);
        }
        if (service::flag(arguments, "--json")) fmt::print("{}\n", all.json());
        else print(all, 0);
        if (!away.empty()) return fail(Code::unavailable, fmt::format("does not answer: {}", away), "its log says why; parley up starts again what has ended");
        return {};
    });
    return program;
}

}  // namespace parley::cli
