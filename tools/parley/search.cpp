// parley search, and its answer for people.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program search() {
    service::Program program{"parley search", "Search everything that was said and done",
                             {{"--limit", "N", "how many hits (20)"}, {"--order", "newest|relevance", "newest first unless said otherwise"}, {"--json", "", "print JSON"}},
                             {}, "QUERY…"};
    program.run = [](const service::Arguments& arguments) -> service::Result<void> {
        const auto settings = house(arguments);
        if (!settings) return service::fail(settings.error());
        std::string query;
        for (const auto& word : arguments.words) query += (query.empty() ? "" : " ") + word;
        if (query.empty()) return service::fail(service::Code::invalid, "there is nothing to search for", "parley search disk full from:alice last:7d");
        Session session(*settings);
        const auto answer = session.ask("archive", "search",
                                        bus::Value::map({{"query", query}, {"viewer", bus::Value::map({{"operator", true}})},
                                                         {"limit", std::atoi(service::option(arguments, "--limit", "20").c_str())},
                                                         {"order", service::option(arguments, "--order", "newest")}}));
        if (!answer) return service::fail(answer.error());
        if (service::flag(arguments, "--json")) return fmt::print("{}\n", answer->json()), service::Result<void>{};
        for (const auto& hit : (*answer)["hits"].list()) {
            const service::Time time{std::chrono::microseconds(hit["time_us"].number())};
            fmt::print("{}  {}  {}/{}  <{}> {}\n", hit["id"].text().substr(0, 8), service::iso8601(time).substr(0, 16), hit["account"].text(),
                       hit["room"].text(), hit["author"].text(), hit["text"].text());
        }
        fmt::print("{}{} found in {}\n", (*answer)["exact"].boolean(true) ? "" : "about ", (*answer)["total"].number(),
                   service::for_people(std::chrono::microseconds((*answer)["took_us"].number())));
        return {};
    };
    return program;
}

}  // namespace parley::cli
