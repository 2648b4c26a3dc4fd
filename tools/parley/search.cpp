// parley search, and its answer for people.

#include <fmt/format.h>

#include <cstdio>

#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {

service::Program search() {
    service::Program program{"parley search", "Search everything that was said and done",
                             {{"--limit", "N", "how many hits (20)"}, {"--order", "newest|relevance", "newest first unless said otherwise"}, {"--json", "", "print JSON"}},
                             {}, "QUERY…",
                             "  parley search disk full from:alice last:7d\n"
                             "  parley search --order relevance -- -draft release     # words that begin with a dash, after --\n\n"
                             "`parley show ID` prints the whole of a hit."};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        std::string query;
        for (const auto& word : arguments.words) query += (query.empty() ? "" : " ") + word;
        if (query.empty()) return fail(Code::invalid, "there is nothing to search for", "parley search disk full from:alice last:7d");
        const auto limit = number(arguments, "--limit", 20, 1, 100);
        if (!limit) return fail(limit.error());
        const auto order = service::option(arguments, "--order", "newest");
        if (order != "newest" && order != "relevance") return fail(Code::invalid, fmt::format("--order {} is not understood", order), "use newest or relevance");
        Session session(settings);
        const auto answer = session.ask("archive", "search",
                                        bus::Value::map({{"query", query}, {"viewer", bus::Value::map({{"operator", true}})},
                                                         {"limit", *limit}, {"order", order}}));
        if (!answer) return fail(answer.error());
        if (service::flag(arguments, "--json")) return fmt::print("{}\n", answer->json()), Result<void>{};
        for (const auto& hit : (*answer)["hits"].list()) {
            const service::Time time{std::chrono::microseconds(hit["time_us"].number())};
            fmt::print("{}  {}  {}/{}  <{}> {}\n", hit["id"].text().substr(0, 8), service::iso8601(time).substr(0, 16), hit["account"].text(),
                       for_terminal(hit["room"].text()), for_terminal(hit["author"].text()), for_terminal(hit["text"].text()));
        }
        for (const auto& note : (*answer)["notes"].list()) fmt::print(stderr, "{}\n", for_terminal(note.text()));
        fmt::print("{}{} found in {}\n", (*answer)["exact"].boolean(true) ? "" : "about ", (*answer)["total"].number(),
                   service::for_people(std::chrono::microseconds((*answer)["took_us"].number())));
        return {};
    });
    return program;
}

}  // namespace parley::cli
