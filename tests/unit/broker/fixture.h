// The broker in process, spoken to by the real client over ipc. "!…" in a room is a command of that name.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/bus/client.h"

namespace parley::broker {

using namespace std::chrono_literals;
using testing::ElementsAre;

inline bus::Event said(const std::string& account, const std::string& native_id, const std::string& text) {
    bus::Event event;
    event.id = bus::derived_id({account, "#ops", native_id, "message", "0"});
    event.origin = {{account, "#ops"}, native_id, bus::Visibility::everyone};
    event.author = {"bob", "bob", bus::Strength::nickname, false, ""};
    event.body = bus::Message{bus::Text(text), {}, {}, {}, {}};
    return event;
}

class InProcess : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/parley-broker-XXXXXX";
        folder_ = ::mkdtemp(name);
        settings_.house.data = folder_;
        settings_.house.endpoint = "ipc://" + folder_.string() + "/run/broker";
        settings_.house.accounts = {{"irc", "irc"}, {"xmpp", "xmpp"}};
        settings_.house.gateways = {{"ops", {{"irc", "#ops"}, {"xmpp", "ops"}}}};
        settings_.heartbeat_every = 50ms;
        settings_.grace = 200ms;
        commands_.consider = [](const bus::Event& message) {
            std::vector<bus::Event> out;
            if (!std::get<bus::Message>(message.body).text.plain.starts_with("!")) return out;
            bus::Event asked = message;
            asked.id = bus::derived_id({"command", message.id.view()});
            asked.origin.native_id.clear();
            bus::CommandRequested requested;
            requested.command = std::get<bus::Message>(message.body).text.plain.substr(1);
            requested.action.idempotent = requested.command == "idempotent";
            asked.body = requested;
            out.push_back(asked);
            return out;
        };
        start();
    }
    void TearDown() override {
        clients_.clear();
        broker_.reset();
        std::filesystem::remove_all(folder_);
    }
    void start() {
        auto started = Broker::start(reactor_, clock_, random_, settings_, commands_);
        ASSERT_TRUE(started) << started.error().text();
        broker_ = std::move(*started);
    }
    void restart_with_heartbeat(std::chrono::milliseconds every) {
        broker_.reset();
        settings_.heartbeat_every = every;
        start();
    }
    bus::Client& client(const std::string& name, bus::Role role) {
        bus::ClientOptions options;
        options.endpoint = settings_.house.endpoint;
        options.name = name;
        options.role = role;
        return *clients_.emplace_back(std::make_unique<bus::Client>(reactor_, options));
    }
    // Runs the reactor until `holds`, at most ten seconds.
    void until(const std::function<bool()>& holds, const char* what) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain: " << what;
            reactor_.run_for(5ms);
        }
    }
    service::Result<bus::Sequence> publish(bus::Client& from, bus::Event event) {
        std::optional<service::Result<bus::Sequence>> answer;
        from.publish(std::move(event), [&](service::Result<bus::Sequence> got) { answer = std::move(got); });
        until([&] { return answer.has_value(); }, "an acknowledgement");
        return answer ? *answer : service::fail(service::Code::timeout, "no answer");
    }

    // A worker that takes `slots` jobs at a time and keeps what it got.
    struct Worker {
        bus::Client* client = nullptr;
        std::vector<bus::Job> jobs;
        std::vector<bus::EventId> cancelled;
    };
    Worker& worker(const std::string& name, std::uint32_t slots = 1) {
        auto& it = *workers_.emplace_back(std::make_unique<Worker>());
        it.client = &client(name, bus::Role::worker);
        it.client->lease(slots, [&it](bus::Job job) { it.jobs.push_back(std::move(job)); }, [&it](bus::EventId run) { it.cancelled.push_back(run); });
        return it;
    }
    void kill(const bus::Client& which) {
        std::erase_if(clients_, [&](const auto& it) { return it.get() == &which; });
    }
    // All events of these kinds, from the beginning on.
    std::vector<bus::Followed>& watch(std::vector<bus::Kind> kinds) {
        auto& got = *watched_.emplace_back(std::make_unique<std::vector<bus::Followed>>());
        bus::FollowOptions follow;
        follow.filter.kinds = std::move(kinds);
        client("watcher-" + std::to_string(watched_.size()), bus::Role::indexer).follow(follow, [&got](std::vector<bus::Followed> events) {
            got.insert(got.end(), events.begin(), events.end());
        });
        return got;
    }
    static bus::Event end_of(const bus::Job& job, const std::string& id = "finished") {
        bus::Event finished;
        finished.id = bus::derived_id({id, job.requested.id.view()});
        finished.origin = job.requested.origin;
        finished.body = bus::RunFinished{job.requested.id, bus::Outcome::succeeded, 0, 1ms, "", 0, 0, false, {}};
        return finished;
    }
    service::Result<bus::Sequence> finish(Worker& by, const bus::Job& job, bus::Event event) {
        std::optional<service::Result<bus::Sequence>> answer;
        by.client->finish(job, std::move(event), [&](service::Result<bus::Sequence> got) { answer = std::move(got); });
        until([&] { return answer.has_value(); }, "the answer to a finish");
        return answer ? *answer : service::fail(service::Code::timeout, "no answer");
    }
    service::Result<bus::Value> ask(const std::string& method, const bus::Value& request = bus::Value::map({})) {
        if (asker_ == nullptr) asker_ = &client("cli", bus::Role::operator_);
        std::optional<service::Result<std::string>> answer;
        asker_->query("broker", method, request.encode(), 5s, [&](service::Result<std::string> got) { answer = std::move(got); });
        until([&] { return answer.has_value(); }, "an answer of the broker");
        if (!answer) return service::fail(service::Code::timeout, "no answer");
        if (!*answer) return service::fail(answer->error());
        return bus::Value::decode(**answer);
    }

    std::filesystem::path folder_;
    service::Reactor reactor_;
    service::SystemClock clock_;
    service::SystemRandom random_;
    Settings settings_;
    Commands commands_;
    std::unique_ptr<Broker> broker_;
    std::vector<std::unique_ptr<Worker>> workers_;  // these two are written by callbacks of the clients
    std::vector<std::unique_ptr<std::vector<bus::Followed>>> watched_;
    std::vector<std::unique_ptr<bus::Client>> clients_;
    bus::Client* asker_ = nullptr;
};

}  // namespace parley::broker
