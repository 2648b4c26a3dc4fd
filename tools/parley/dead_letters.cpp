// parley dead-letters: what was set aside because it crashed who worked on it.

#include <fmt/format.h>

#include <cstdio>

#include "broker/service/clock.h"
#include "tools/parley/ask.h"
#include "tools/parley/verb.h"

namespace parley::cli {
namespace {

using bus::Value;

constexpr std::chrono::seconds within{2};

// Who may have some: everybody that follows the journal.
std::vector<std::string> holders(const bus::HouseSettings& settings) {
    std::vector<std::string> out{"archive", "page"};
    for (const auto& [account, platform] : settings.accounts)
        if (platform != "web") out.push_back("account." + account);
    return out;
}

struct Held {
    std::string holder;
    Value letter;
};
struct Listed {
    std::vector<Held> letters;
    std::vector<std::string> away;  // who does not answer
};

Listed list(Session& session, const bus::HouseSettings& settings) {
    Listed out;
    for (const auto& holder : holders(settings)) {
        const auto answer = session.ask(holder, "dead_letters", Value::map({{"do", "list"}}), within);
        if (!answer) out.away.push_back(holder);
        else for (const auto& letter : (*answer)["letters"].list()) out.letters.push_back({holder, letter});
    }
    return out;
}

Result<void> print(const Listed& listed) {
    for (const auto& [holder, letter] : listed.letters) {
        const auto last = service::Time(std::chrono::microseconds(letter["last_us"].number()));
        fmt::print("{}  {}  event {}  {}  crashed {} times, last at {}\n", letter["id"].text().substr(0, 8), holder, letter["event"].text().substr(0, 8),
                   for_terminal(letter["room"].text("")), letter["crashes"].number(), service::iso8601(last));
    }
    if (listed.letters.empty() && listed.away.empty()) std::puts("There are none.");
    if (listed.away.empty()) return {};
    return fail(Code::unavailable, fmt::format("does not answer: {}", fmt::join(listed.away, ", ")), "parley status says more");
}

Result<void> work(Session& session, const bus::HouseSettings& settings, const std::string& what, const std::string& id) {
    const auto listed = list(session, settings);
    const Held* found = nullptr;
    for (const auto& held : listed.letters) {
        if (!held.letter["id"].text().starts_with(id)) continue;
        if (found != nullptr) return fail(Code::conflict, fmt::format("more than one dead letter begins with {}", id), "type more of it");
        found = &held;
    }
    if (found == nullptr) {
        return fail(Code::not_found, fmt::format("there is no dead letter {}", id),
                    listed.away.empty() ? "parley dead-letters lists them" : fmt::format("does not answer: {}", fmt::join(listed.away, ", ")));
    }
    const auto answer = session.ask(found->holder, "dead_letters", Value::map({{"do", what}, {"id", found->letter["id"]}}));
    if (!answer) return fail(answer.error());
    if (what == "show") fmt::print("{}\n", answer->json());
    else fmt::print("{}\n", what == "drop" ? "It is gone. The event stays in the journal and in the archive." : "It is tried again; if it crashes again, it comes back here.");
    return {};
}

}  // namespace

service::Program dead_letters() {
    service::Program program{"parley dead-letters", "List, show, retry or drop what crashed who worked on it", {}, {}, "[show|retry|drop ID]",
                             "An event that crashes a bridge, the indexer or the page three times is set aside, and the rest moves on.\n"
                             "  parley dead-letters              # the list: an id, who set it aside, which event, in which room\n"
                             "  parley dead-letters show 7zqk    # all that is known, as JSON\n"
                             "  parley dead-letters retry 7zqk   # after an upgrade, say\n"
                             "  parley dead-letters drop 7zqk    # never again"};
    program.run = with_house([](const service::Arguments& arguments, const bus::HouseSettings& settings) -> Result<void> {
        const auto& words = arguments.words;
        const bool lists = words.empty() || (words.size() == 1 && words[0] == "list");
        const bool works = words.size() == 2 && !words[1].empty() && (words[0] == "show" || words[0] == "retry" || words[0] == "drop");
        if (!lists && !works) return fail(Code::invalid, "this is not understood", "parley dead-letters [list], or show, retry or drop and an ID");
        Session session(settings);
        return lists ? print(list(session, settings)) : work(session, settings, words[0], words[1]);
    });
    return program;
}

}  // namespace parley::cli
