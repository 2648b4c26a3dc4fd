// What the journal has, the archive keeps and the search finds: real programs, killed in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "tests/support/process.h"
#include "tests/support/slowdown.h"

namespace parley {
namespace {

using namespace std::chrono_literals;
using bus::Value;
using tests::Process;

class Indexer : public testing::Test {
protected:
    Indexer() {
        const auto settings = "[parley]\ndata = \"" + (folder_.path() / "var").string() + "\"\n[account.lobby]\nplatform = \"irc\"\nserver = \"127.0.0.1\"\nnick = \"p\"\n";
        file_ = folder_.write("parley.toml", settings);
        broker_.emplace(start("parley-broker"));
        indexer_.emplace(start("parley-indexer"));
        bus::ClientOptions options;
        options.endpoint = "ipc://" + (folder_.path() / "var/run/broker").string();
        options.name = "test";
        options.role = bus::Role::operator_;
        client_ = std::make_unique<bus::Client>(reactor_, std::move(options));
    }

    Process start(const std::string& program) {
        return Process({.argv = {std::string(PARLEY_BIN_DIR) + "/" + program, "--settings", file_.string()}, .log = folder_.path() / (program + ".log")});
    }
    // Runs the loop until `holds`; false at the deadline.
    bool runs_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = 20s) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!holds() && std::chrono::steady_clock::now() < end) reactor_.run_for(10ms);
        return holds();
    }
    bus::Event message(int number, std::string text, bus::Visibility visibility = bus::Visibility::everyone) {
        bus::Event event;
        const auto native = std::to_string(number);
        event.origin = {{"lobby", visibility == bus::Visibility::closed ? "#closed" : "#ops"}, native, visibility};
        event.id = bus::derived_id({"lobby", event.origin.room.room, native, "message", "0"});
        event.time = event.received = service::SystemClock().now();
        event.author.id = event.author.name = "alice";
        bus::Message body;
        body.text = std::move(text);
        event.body = std::move(body);
        return event;
    }
    void publish(bus::Event event) {
        ++published_;
        client_->publish(std::move(event), [this](service::Result<bus::Sequence> sequence) { durable_ += sequence ? 1 : 0; });
    }
    // nil: not answered.
    Value ask(const std::string& method, Value request) {
        std::optional<Value> answer;
        client_->query("archive", method, request.encode(), 3s, [&](service::Result<std::string> reply) {
            answer = reply ? Value::decode(*reply).value_or(Value()) : Value::map({{"error", reply.error().text()}});
        });
        runs_until([&] { return answer.has_value(); }, 5s);
        return answer.value_or(Value());
    }
    std::int64_t total(const std::string& query) { return ask("search", Value::map({{"query", query}, {"limit", 100}}))["total"].number(-1); }
    bool comes_to(const std::string& query, std::int64_t count, std::chrono::milliseconds deadline = 20s) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (std::chrono::steady_clock::now() < end) {
            if (total(query) == count) return true;
        }
        return false;
    }

    tests::TempFolder folder_{"indexer"};
    std::filesystem::path file_;
    std::optional<Process> broker_, indexer_;
    service::Reactor reactor_;
    std::unique_ptr<bus::Client> client_;
    int published_ = 0, durable_ = 0;
};

TEST_F(Indexer, FindsWhatWasSaidWithinASecond) {
    publish(message(1, "warm up"));
    ASSERT_TRUE(comes_to("warm", 1));
    publish(message(2, "the answer is forty-two"));
    ASSERT_TRUE(runs_until([&] { return durable_ == 2; }));
    const auto durable = std::chrono::steady_clock::now();
    EXPECT_TRUE(comes_to("answer", 1));
    EXPECT_LT(std::chrono::steady_clock::now() - durable, 1s * tests::slowdown);
    const auto found = ask("search", Value::map({{"query", "answer"}, {"facets", true}}));
    EXPECT_EQ(found["hits"].list().at(0)["before"].list().at(0)["text"].text(), "warm up");
    EXPECT_EQ(found["facets"]["platform"].list().at(0)["value"].text(), "irc");
}

TEST_F(Indexer, LosesNothingWhenItIsKilledInMidStream) {
    constexpr int count = 3000;
    for (int i = 0; i < count / 2; ++i) publish(message(i, "stream " + std::to_string(i)));
    ASSERT_TRUE(comes_to("stream 0", 1));
    for (int i = count / 2; i < count; ++i) publish(message(i, "stream " + std::to_string(i)));
    runs_until([&] { return durable_ > count / 2 + 100; });
    indexer_->kill();
    indexer_.emplace(start("parley-indexer"));
    ASSERT_TRUE(runs_until([&] { return durable_ == count; }));
    EXPECT_TRUE(comes_to("stream", count));
}

TEST_F(Indexer, ShowsAClosedRoomToNobodyOutside) {
    publish(message(1, "plan open"));
    publish(message(2, "plan closed", bus::Visibility::closed));
    const auto in_room = Value::map({{"query", "plan"}, {"viewer", Value::map({{"rooms", Value::List{"lobby/#closed"}}})}});
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (ask("search", in_room)["total"].number() != 2 && std::chrono::steady_clock::now() < end) {}
    EXPECT_EQ(ask("search", in_room)["total"].number(), 2);
    EXPECT_EQ(total("plan"), 1);
    const auto closed = ask("search", in_room)["hits"].list().at(0)["id"].text();
    EXPECT_EQ(ask("event", Value::map({{"id", closed}}))["text"].text("hidden"), "hidden");
    EXPECT_EQ(ask("rooms", Value::map({}))["rooms"].list().size(), 1U);
    const auto unseen = ask("room", Value::map({{"room", "lobby/#closed"}})), unknown = ask("room", Value::map({{"room", "lobby/#nowhere"}}));
    EXPECT_EQ(unseen["error"].text(), "nothing is known of the room lobby/#closed");
    EXPECT_EQ(unknown["error"].text(), "nothing is known of the room lobby/#nowhere");
}

TEST_F(Indexer, AnswersMistakesWithWhatToDo) {
    ASSERT_TRUE(comes_to("", 0));
    EXPECT_THAT(ask("search", Value::map({{"query", "disk \"full"}}))["error"].text(), testing::HasSubstr("at character 6 of the query"));
    EXPECT_THAT(ask("dance", Value::map({}))["error"].text(), testing::HasSubstr("search, event, room"));
    EXPECT_THAT(ask("event", Value::map({{"id", "zzzzzzzz"}}))["error"].text(), testing::HasSubstr("zzzzzzzz"));
    EXPECT_EQ(ask("status", Value::map({}))["rebuilding"].boolean(true), false);
}

}  // namespace
}  // namespace parley
