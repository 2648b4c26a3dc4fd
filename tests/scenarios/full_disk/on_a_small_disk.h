// A house of which one folder is on a small disk. Each test fills it, sees that it is said and that nothing ends, makes
// room, and finds everything again: once, in order.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"
#include "tests/support/small_disk.h"

namespace parley::tests {

inline std::vector<std::string> numbered(const std::string& words, int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(fmt::format("{} {}.", words, i));
    return out;
}

class OnASmallDisk : public testing::Test {
protected:
    static constexpr std::size_t disk_bytes = 8 << 20;
    static constexpr int lines_max = 3000;

    void SetUp() override {
        if (const auto why = SmallDisk::why_not(); !why.empty()) GTEST_SKIP() << why;
    }
    // `folder`: below the house's data.
    void begin(const std::string& folder, const std::vector<std::string>& accounts = {"small:irc"}) {
        disk.emplace(house.folder() / "data" / folder, disk_bytes);
        house.start_all(accounts);
        for (const auto& name : accounts) names.push_back(name);
        for (const auto& name : names) pids.push_back(house.pid(name));
        bus::ClientOptions options;
        options.endpoint = "ipc://" + (house.folder() / "data/run/broker").string();
        options.name = "test";
        options.role = bus::Role::operator_;
        client = std::make_unique<bus::Client>(reactor, options);
        alice.join("#lobby");
        ASSERT_TRUE(wait_until([&] {
            publish("is anybody there?");
            return alice.hears("#lobby", 1, 500ms).size() == 1;
        }, 20s)) << house.logs();
        publish("settled");
        alice.expect("settled");
    }
    bus::Event ours(const std::string& room, const std::string& text) {
        bus::Event event;
        event.id = bus::random_id(random);
        event.time = event.received = service::SystemClock().now();
        event.origin.room = {"web", room};
        event.author = bus::ourselves("parley");
        event.body = bus::Message{bus::Text(text), {}, {}, {}, {}};
        return event;
    }
    // For no other room, and whether it is taken or not.
    void publish_elsewhere() {
        client->publish(ours("elsewhere", "nothing of note"), [](const auto&) {});
    }
    // Says it in the page's room, as Parley itself; true when it is in the journal.
    bool publish(const std::string& text) {
        const auto event = ours("lobby", text);
        std::optional<bool> durable;
        client->publish(event, [&durable, alive = std::weak_ptr<int>(waiting)](service::Result<bus::Sequence> sequence) {
            if (!alive.expired()) durable = sequence.has_value();
        });
        run_until([&] { return durable.has_value(); });
        waiting = std::make_shared<int>();
        return durable.value_or(false);
    }
    bus::Value ask(const std::string& service, const std::string& method, const bus::Value& request = bus::Value::map({})) {
        std::optional<bus::Value> answer;
        client->query(service, method, request.encode(), 3s, [&answer, alive = std::weak_ptr<int>(waiting)](service::Result<std::string> reply) {
            if (!alive.expired()) answer = reply ? *bus::Value::decode(*reply) : bus::Value::map({{"error", reply.error().text()}});
        });
        run_until([&] { return answer.has_value(); });
        waiting = std::make_shared<int>();
        return answer.value_or(bus::Value());
    }
    void run_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = 10s) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!holds() && std::chrono::steady_clock::now() < end) reactor.run_for(2ms);
    }
    // Calls `say(0)`, `say(1)` … until the log says that it is full, and a little beyond; how many were said.
    int until_full(const std::string& process, const std::string& words, const std::function<void(int)>& say) {
        int said = 0;
        const auto is_full = [&] { return house.log(process).find(words) != std::string::npos; };
        while (said < lines_max && !is_full()) say(said++);
        EXPECT_TRUE(wait_until(is_full, 20s)) << said << " lines did not fill it\n" << house.logs();  // a server passes them on at its own pace
        for (int i = 0; i < 10; ++i) say(said++);
        return said;
    }
    void nothing_has_ended() {
        for (std::size_t i = 0; i < names.size(); ++i) {
            EXPECT_EQ(house.pid(names[i]), pids[i]);
            EXPECT_TRUE(house.running(names[i])) << names[i] << " has ended\n" << house.log(names[i]);
        }
    }
    // The archive's events that pass, in the journal's order.
    std::vector<bus::Value> archived(const std::function<bool(const bus::Value&)>& wanted) {
        std::vector<bus::Value> out;
        for (std::int64_t after = 0;;) {
            const auto page = ask("archive", "export", bus::Value::map({{"after", after}, {"limit", 1000}}));
            for (const auto& event : page["events"].list()) {
                if (wanted(event)) out.push_back(event);
                after = event["sequence"].number();
            }
            if (page["events"].list().empty()) return out;
        }
    }
    std::vector<std::string> archived_texts(const std::string& start) {
        std::vector<std::string> out;
        for (const auto& event : archived([&](const bus::Value& one) { return one["text"].text().starts_with(start); })) out.push_back(event["text"].text());
        return out;
    }
    std::vector<bus::Value> gaps() {
        return archived([](const bus::Value& event) { return event["kind"].text() == "gap"; });
    }
    // "heard 0." to the last, once, in order, and without a gap.
    void expect_all_heard(int said) {
        const auto wanted = numbered("heard", said);
        ASSERT_TRUE(wait_until([&] { return !archived_texts(wanted.back()).empty(); }, 30s)) << house.logs();
        EXPECT_THAT(archived_texts("heard "), testing::ElementsAreArray(wanted));
        EXPECT_THAT(gaps(), testing::IsEmpty());
    }
    // What `!status` says in the page's room.
    std::string status_in_the_room() {
        house.say("web/lobby", "!status");
        std::vector<std::string> answers;
        wait_until([&] { return (answers = house.page_hears("web/lobby", "accounts: ")).size() > statuses_; }, 20s);
        statuses_ = answers.size();
        return answers.empty() ? house.logs() : answers.back();
    }

    IrcServer irc{IrcServer::Kind::ngircd};
    House house{irc_account("small", irc.port()) + "[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"web/lobby\"]\n"};
    IrcClient alice{irc.port(), "alice"};
    std::optional<SmallDisk> disk;
    service::Reactor reactor;
    service::SystemRandom random;
    std::shared_ptr<int> waiting = std::make_shared<int>();  // replies that come too late are dropped
    std::unique_ptr<bus::Client> client;
    std::vector<std::string> names{"broker", "indexer", "worker", "web"};
    std::vector<pid_t> pids;

private:
    std::size_t statuses_ = 0;
};

}  // namespace parley::tests
