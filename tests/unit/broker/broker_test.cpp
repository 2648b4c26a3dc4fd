// The broker in process, spoken to by the real client over ipc.
#include "broker/broker.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "broker/bus/client.h"

namespace parley::broker {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

bus::Event said(const std::string& account, const std::string& native_id, const std::string& text) {
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
            requested.command = "uptime";
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
        auto started = Broker::start(reactor_, settings_, commands_);
        ASSERT_TRUE(started) << started.error().text();
        broker_ = std::move(*started);
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

    std::filesystem::path folder_;
    service::Reactor reactor_;
    Settings settings_;
    Commands commands_;
    std::unique_ptr<Broker> broker_;
    std::vector<std::unique_ptr<bus::Client>> clients_;
};

TEST_F(InProcess, GivesAnEventOneSequenceHoweverOftenItComes) {
    auto& irc = client("irc", bus::Role::bridge);
    EXPECT_EQ(publish(irc, said("irc", "1", "hello")), 1U);
    EXPECT_EQ(publish(irc, said("irc", "2", "again")), 2U);
    EXPECT_EQ(publish(irc, said("irc", "1", "hello")), 1U);
}

TEST_F(InProcess, LetsABridgePublishOnlyAsItself) {
    const auto answer = publish(client("irc", bus::Role::bridge), said("xmpp", "1", "hello"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, service::Code::denied);
}

TEST_F(InProcess, HandsEachAccountWhatIsForItsRooms) {
    std::vector<bus::Followed> got;
    auto& xmpp = client("xmpp", bus::Role::bridge);
    bus::FollowOptions follow;
    follow.cursor = "bridge:xmpp";
    follow.filter.deliver_to = "xmpp";
    xmpp.follow(follow, [&](std::vector<bus::Followed> events) { got.insert(got.end(), events.begin(), events.end()); });
    publish(client("irc", bus::Role::bridge), said("irc", "1", "from irc"));
    publish(xmpp, said("xmpp", "1", "from xmpp, which it does not hear again"));
    until([&] { return !got.empty(); }, "the message from irc");
    reactor_.run_for(30ms);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_THAT(got[0].recipients, ElementsAre(bus::RoomAddress{"xmpp", "ops"}));
    EXPECT_EQ(got[0].event.sequence, 1U);
}

TEST_F(InProcess, SendsNoMoreThanTheCreditAndGoesOnWhenAcknowledged) {
    auto& irc = client("irc", bus::Role::bridge);
    for (int i = 0; i < 5; ++i) publish(irc, said("irc", std::to_string(i), "x"));
    std::vector<bus::Sequence> got;
    auto& indexer = client("indexer", bus::Role::indexer);
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    follow.credit = 2;
    indexer.follow(follow, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) got.push_back(followed.event.sequence);
    });
    until([&] { return got.size() == 2; }, "the first two");
    reactor_.run_for(30ms);
    EXPECT_THAT(got, ElementsAre(1, 2));
    indexer.acknowledge(2);
    until([&] { return got.size() == 4; }, "two more");
    EXPECT_THAT(got, ElementsAre(1, 2, 3, 4));
}

TEST_F(InProcess, GoesOnWhereItWasAfterARestart) {
    auto& irc = client("irc", bus::Role::bridge);
    std::vector<bus::Sequence> got;
    auto& indexer = client("indexer", bus::Role::indexer);
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    indexer.follow(follow, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) got.push_back(followed.event.sequence);
        indexer.acknowledge(got.back());
    });
    publish(irc, said("irc", "1", "before"));
    until([&] { return got.size() == 1; }, "the first");
    broker_.reset();
    std::optional<service::Result<bus::Sequence>> meanwhile;
    irc.publish(said("irc", "2", "meanwhile"), [&](service::Result<bus::Sequence> answer) { meanwhile = std::move(answer); });
    reactor_.run_for(50ms);
    EXPECT_FALSE(meanwhile) << "acknowledged by nobody";
    start();
    until([&] { return meanwhile.has_value() && got.size() == 2; }, "what was published while the broker was away");
    EXPECT_EQ(**meanwhile, 2U);
    EXPECT_THAT(got, ElementsAre(1, 2));
}

TEST_F(InProcess, RefusesASecondBrokerAtTheSamePlace) {
    Settings other = settings_;
    other.house.data = folder_ / "other";
    const auto second = Broker::start(reactor_, other, commands_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
    EXPECT_THAT(second.error().what, testing::HasSubstr("already running"));
}

TEST_F(InProcess, RunsACommandOnceAndClosesItsJob) {
    auto& irc = client("irc", bus::Role::bridge);
    auto& worker = client("worker-1", bus::Role::worker);
    std::vector<bus::Job> jobs;
    worker.lease(1, [&](bus::Job job) { jobs.push_back(std::move(job)); }, [](bus::EventId) {});
    publish(irc, said("irc", "1", "!uptime"));
    publish(irc, said("irc", "1", "!uptime"));
    until([&] { return !jobs.empty(); }, "a job");
    bus::Event finished;
    finished.id = bus::derived_id({"finished", jobs[0].requested.id.view()});
    finished.origin = jobs[0].requested.origin;
    finished.body = bus::RunFinished{jobs[0].requested.id, bus::Outcome::succeeded, 0, 1ms, "", 0, 0, false, {}};
    std::optional<service::Result<bus::Sequence>> done;
    worker.finish(jobs[0], finished, [&](service::Result<bus::Sequence> answer) { done = std::move(answer); });
    until([&] { return done.has_value(); }, "the end");
    EXPECT_TRUE(*done) << done->error().text();
    reactor_.run_for(50ms);
    EXPECT_EQ(jobs.size(), 1U);
}

TEST_F(InProcess, SaysThatARunIsLostWhenItsWorkerFallsSilent) {
    auto& irc = client("irc", bus::Role::bridge);
    std::vector<bus::Followed> got;
    auto& indexer = client("indexer", bus::Role::indexer);
    bus::FollowOptions follow;
    follow.filter.kinds = {bus::Kind::run_finished};
    indexer.follow(follow, [&](std::vector<bus::Followed> events) { got.insert(got.end(), events.begin(), events.end()); });
    bool leased = false;
    client("worker-1", bus::Role::worker).lease(1, [&](const bus::Job&) { leased = true; }, [](bus::EventId) {});
    publish(irc, said("irc", "1", "!uptime"));
    until([&] { return leased; }, "a job");
    clients_.pop_back();  // the worker is gone without a word
    until([&] { return !got.empty(); }, "the loss");
    const auto& finished = std::get<bus::RunFinished>(got[0].event.body);
    EXPECT_EQ(finished.outcome, bus::Outcome::lost);
    EXPECT_THAT(finished.shown.plain, testing::HasSubstr("lost"));
}

TEST_F(InProcess, CarriesQuestionsToWhoAnswersThem) {
    client("indexer", bus::Role::indexer).serve("archive", [](std::string method, std::string request, std::chrono::milliseconds, bus::Client::Reply reply) { reply(method + ":" + request); });
    auto& asker = client("cli", bus::Role::operator_);
    std::optional<service::Result<std::string>> answer;
    const auto ask = [&](const std::string& service) {
        answer.reset();
        asker.query(service, "search", "x", 2s, [&](service::Result<std::string> got) { answer = std::move(got); });
        until([&] { return answer.has_value(); }, "an answer");
    };
    ask("archive");
    for (int i = 0; i < 20 && !*answer; ++i) ask("archive");  // the service may come a moment later
    ASSERT_TRUE(*answer) << answer->error().text();
    EXPECT_EQ(**answer, "search:x");
    ask("nobody");
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().code, service::Code::unavailable);
}

}  // namespace
}  // namespace parley::broker
