// !status: accounts, followers and queues, in a few lines.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"

namespace parley::bots {

void status(const Asked& asked) {
    asked.query("broker", "status", bus::Value::map({}), [asked](const bus::Value& value) {
        std::string accounts;
        for (const auto& account : value["accounts"].list()) {
            accounts += fmt::format("{}{} ({}) {}", accounts.empty() ? "" : ", ", account["name"].text(), account["platform"].text(), account["connected"].boolean() ? "connected" : "AWAY");
        }
        std::string lagging;
        for (const auto& follower : value["followers"].list()) {
            if (follower["lag"].number() == 0 && follower["connected"].boolean()) continue;
            lagging += fmt::format("{}{} is {} behind{}", lagging.empty() ? "" : ", ", follower["name"].text(), follower["lag"].number(), follower["connected"].boolean() ? "" : " and away");
        }
        auto text = fmt::format("accounts: {}\nfollowers: {}\nruns: {} waiting, {} running, {} workers\njournal: {} events", accounts.empty() ? "none" : accounts,
                                lagging.empty() ? "all up to date" : lagging, value["jobs"]["queued"].number(), value["jobs"]["running"].number(), value["workers"].number(), value["sequence"].number());
        if (const auto trouble = value["trouble"].text(); !trouble.empty()) text += "\ntrouble: " + trouble;
        asked.done({bus::Outcome::succeeded, text, {}});
    });
}

}  // namespace parley::bots
