// !status: accounts, followers and queues, in a few lines; and what is in trouble, which each process says of itself.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"

namespace parley::bots {
namespace {

using bus::Value;
using Then = std::function<void(std::string)>;

// One service after another, those that the broker says are there.
void ask_for_trouble(const Asked& asked, std::vector<std::string> services, std::string found, Then then) {
    if (services.empty()) return then(std::move(found));
    const auto service = std::move(services.back());
    services.pop_back();
    asked.client.query(service, "status", Value::map({}).encode(), std::chrono::milliseconds(1500),
                       [asked, service, services = std::move(services), found = std::move(found), then = std::move(then)](service::Result<std::string> reply) mutable {
                           const auto status = reply ? Value::decode(*reply) : service::Result<Value>(service::fail(reply.error()));
                           const auto trouble = status ? (*status)["trouble"].text() : "does not answer";
                           if (!trouble.empty()) found += fmt::format("\ntrouble: {}: {}", service, trouble);
                           ask_for_trouble(asked, std::move(services), std::move(found), std::move(then));
                       });
}

std::string describe(const Value& value) {
    std::string accounts;
    for (const auto& account : value["accounts"].list()) {
        accounts += fmt::format("{}{} ({}) {}", accounts.empty() ? "" : ", ", account["name"].text(), account["platform"].text(), account["connected"].boolean() ? "connected" : "AWAY");
    }
    std::string lagging;
    for (const auto& follower : value["followers"].list()) {
        if (follower["lag"].number() == 0 && follower["connected"].boolean()) continue;
        lagging += fmt::format("{}{} is {} behind{}", lagging.empty() ? "" : ", ", follower["name"].text(), follower["lag"].number(), follower["connected"].boolean() ? "" : " and away");
    }
    return fmt::format("accounts: {}\nfollowers: {}\nruns: {} waiting, {} running, {} workers\njournal: {} events", accounts.empty() ? "none" : accounts,
                       lagging.empty() ? "all up to date" : lagging, value["jobs"]["queued"].number(), value["jobs"]["running"].number(), value["workers"].number(), value["sequence"].number());
}

}  // namespace

void status(const Asked& asked) {
    asked.query("broker", "status", Value::map({}), [asked](const Value& value) {
        auto text = describe(value);
        if (const auto trouble = value["trouble"].text(); !trouble.empty()) text += "\ntrouble: broker: " + trouble;
        std::vector<std::string> services{"archive"};
        for (const auto& account : value["accounts"].list()) {
            if (account["connected"].boolean() && account["platform"].text() != "web") services.push_back("account." + account["name"].text());
        }
        ask_for_trouble(asked, std::move(services), std::move(text), [asked](std::string whole) { asked.done({bus::Outcome::succeeded, std::move(whole), {}}); });
    });
}

}  // namespace parley::bots
