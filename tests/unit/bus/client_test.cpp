// What a client promises, against a small broker over a real socket.
#include "broker/bus/client.h"

#include <gmock/gmock.h>

#include "tests/unit/bus/sample_events.h"
#include "tests/unit/bus/small_broker.h"

namespace parley::bus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct ClientTest : testing::Test {
    ClientTest() : endpoint("ipc://" + (folder.path / "run" / "broker").string()), broker(reactor, endpoint) {}

    void start() { ASSERT_TRUE(broker.start()); }
    std::unique_ptr<Client> client(std::string name = "lobby", Role role = Role::bridge) {
        return std::make_unique<Client>(reactor, ClientOptions{.endpoint = endpoint, .name = std::move(name), .role = role});
    }
    static Event event(std::string_view what) {
        auto out = samples::envelope(Topic{Text(std::string(what))});
        out.id = samples::id_of(what);
        return out;
    }
    std::vector<std::string> said() const {
        std::vector<std::string> out;
        for (const auto& bytes : broker.journal) out.push_back(std::get<Topic>(decode(bytes)->body).text.plain);
        return out;
    }
    template <class Condition>
    bool until(Condition done, std::chrono::milliseconds deadline = 5s) {
        return eventually(reactor, done, deadline);
    }

    TemporaryFolder folder;
    service::Reactor reactor;
    std::string endpoint;
    SmallBroker broker;
};

TEST_F(ClientTest, SaysWhoItIs) {
    start();
    const auto c = client("lobby", Role::bridge);
    ASSERT_TRUE(until([&] { return c->linked(); }));
    ASSERT_EQ(broker.peers.size(), 1U);
    EXPECT_EQ(broker.peers.begin()->second.name, "lobby");
    EXPECT_EQ(broker.peers.begin()->second.role, Role::bridge);
}

TEST_F(ClientTest, SaysItAgainIfTheAnswerWasLost) {
    broker.lost_welcomes = 1;
    start();
    const auto c = client();
    ASSERT_TRUE(until([&] { return c->linked(); }));
    EXPECT_EQ(broker.hellos, 2U);
}

TEST_F(ClientTest, PublishesInOrderAndHearsTheSequences) {
    start();
    const auto c = client();
    std::vector<Sequence> sequences;
    for (int i = 0; i < 300; ++i) {
        c->publish(event(std::to_string(i)), [&](service::Result<Sequence> s) { sequences.push_back(s.value()); });
    }
    EXPECT_EQ(c->unacknowledged(), 300U);
    ASSERT_TRUE(until([&] { return sequences.size() == 300; }));
    for (std::size_t i = 0; i < 300; ++i) {
        EXPECT_EQ(sequences[i], i + 1);
        EXPECT_EQ(said()[i], std::to_string(i));
    }
    EXPECT_LE(broker.publishes, 3U) << "what is published in one turn travels together";
    EXPECT_EQ(c->unacknowledged(), 0U);
}

TEST_F(ClientTest, WhatWasPublishedBeforeTheBrokerIsThereArrivesOnceItIs) {
    const auto c = client();
    Sequence sequence = 0;
    c->publish(event("early"), [&](service::Result<Sequence> s) { sequence = s.value(); });
    reactor.run_for(30ms);
    EXPECT_FALSE(c->linked());
    start();
    ASSERT_TRUE(until([&] { return sequence != 0; }));
    EXPECT_THAT(said(), ElementsAre("early"));
}

TEST_F(ClientTest, WhatWasNotAcknowledgedIsPublishedAgainInOrderAfterARestart) {
    start();
    const auto c = client();
    ASSERT_TRUE(until([&] { return c->linked(); }));
    broker.forgets_answers = true;
    int answers = 0;
    for (const auto* what : {"a", "b"}) c->publish(event(what), [&](auto s) { answers += s ? 1 : 100; });
    ASSERT_TRUE(until([&] { return broker.journal.size() == 2; }));
    broker.stop();
    ASSERT_TRUE(until([&] { return !c->linked(); }));
    c->publish(event("c"), [&](auto s) { answers += s ? 1 : 100; });
    broker.forgets_answers = false;
    start();
    ASSERT_TRUE(until([&] { return answers == 3; }));
    EXPECT_THAT(said(), ElementsAre("a", "b", "c"));
}

// The best of a few tries: a busy machine may be late by itself.
TEST_F(ClientTest, IsBackWithinAFifthOfASecondAfterTheBrokerIs) {
    start();
    const auto c = client();
    std::vector<bool> links;
    c->on_link([&](bool up) { links.push_back(up); });
    ASSERT_TRUE(until([&] { return c->linked(); }));
    auto best = std::chrono::steady_clock::duration::max();
    for (int tries = 0; tries < 5 && best > 200ms; ++tries) {
        broker.stop();
        ASSERT_TRUE(until([&] { return !c->linked(); }));
        reactor.run_for(100ms);
        start();
        const auto begin = std::chrono::steady_clock::now();
        ASSERT_TRUE(until([&] { return c->linked(); }));
        best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    EXPECT_LE(best, 200ms);
    ASSERT_GE(links.size(), 3U);
    EXPECT_THAT(std::vector<bool>(links.begin(), links.begin() + 3), ElementsAre(true, false, true));
}

TEST_F(ClientTest, ComesBackToABrokerThatWasSilentForLong) {
    start();
    Client c(reactor, {.endpoint = endpoint, .name = "lobby", .silent_after = 100ms});
    ASSERT_TRUE(until([&] { return c.linked(); }));
    broker.silent = true;
    ASSERT_TRUE(until([&] { return !c.linked(); }));
    broker.silent = false;
    EXPECT_TRUE(until([&] { return c.linked(); }));
}

// As one does that has no room on its disk to keep a new follower's place: each of the frames after the welcome is answered
// by "who are you?".
TEST_F(ClientTest, SaysHelloTenTimesASecondAtMostToABrokerThatForgetsIt) {
    broker.forgets_peers = true;
    start();
    const auto c = client();
    c->follow({.cursor = "lobby"}, [](auto) {});
    c->serve("archive", [](auto, auto, auto, auto) {});
    Sequence sequence = 0;
    c->publish(event("patient"), [&](service::Result<Sequence> s) { sequence = s.value(); });
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(until([&] { return broker.hellos >= 5; }));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 400ms);
    EXPECT_LE(broker.frames, 40U);
    broker.forgets_peers = false;
    EXPECT_TRUE(until([&] { return sequence == 1; }));
}

TEST_F(ClientTest, OneRefusedEventTakesNoOtherWithIt) {
    start();
    broker.refused.insert(samples::id_of("bad"));
    const auto c = client();
    std::vector<std::string> outcomes;
    for (const std::string what : {"one", "bad", "two"}) {
        c->publish(event(what), [&outcomes, what](service::Result<Sequence> s) { outcomes.push_back(what + (s ? " in" : " " + s.error().what)); });
    }
    ASSERT_TRUE(until([&] { return outcomes.size() == 3; }));
    EXPECT_THAT(outcomes, ElementsAre("one in", "bad not this one", "two in"));
    EXPECT_THAT(said(), ElementsAre("one", "two"));
}

// A simulated house (seed 840074 of f57964a): the broker forgot the client on a slow wire, on which stood an event of the old
// session, a hello, and an event of the new one: the second came in before the first.
TEST_F(ClientTest, PublishesNothingBetweenAHelloAndItsWelcome) {
    start();
    const auto c = client();
    ASSERT_TRUE(until([&] { return c->linked(); }));
    broker.refused.insert(samples::id_of("one"));
    broker.refused_with = service::Code::io;  // then it takes nothing more until there was a hello
    broker.lost_welcomes = 1;
    bool back = false;
    c->publish(event("one"), [&](service::Result<Sequence> s) { back = !s; });
    ASSERT_TRUE(until([&] { return back && broker.hellos == 2; }));
    c->publish(event("two"), {});
    until([] { return false; }, 200ms);
    EXPECT_EQ(broker.publishes, 1U);
    EXPECT_TRUE(until([&] { return broker.publishes == 2; })) << "it was welcome";
    EXPECT_EQ(broker.hellos, 3U);
    EXPECT_THAT(said(), ElementsAre("two"));
}

TEST_F(ClientTest, RefusesMoreThanItsLimitInFlight) {
    Client c(reactor, {.endpoint = endpoint, .name = "x", .unacknowledged_max = 2});
    std::optional<service::Error> error;
    for (const auto* what : {"a", "b", "c"}) {
        c.publish(event(what), [&](service::Result<Sequence> s) { error = s.error(); });
    }
    ASSERT_TRUE(until([&] { return error.has_value(); }));
    EXPECT_EQ(error->code, service::Code::limit);
    EXPECT_EQ(c.unacknowledged(), 2U);
}

TEST_F(ClientTest, FollowsOnFromWhereItWasAfterARestart) {
    start();
    const auto c = client();
    std::vector<Sequence> got;
    c->follow({.cursor = "lobby"}, [&](std::vector<Followed> events) {
        for (const auto& e : events) {
            got.push_back(e.event.sequence);
            EXPECT_THAT(e.recipients, ElementsAre(RoomAddress{"work", "ops"}));
        }
        c->acknowledge(events.back().event.sequence);
    });
    broker.journal = {encode(event("a")), encode(event("b"))};
    ASSERT_TRUE(until([&] { return got.size() == 2; }));
    ASSERT_TRUE(until([&] { return !broker.acknowledged.empty(); }));
    broker.stop();
    ASSERT_TRUE(until([&] { return !c->linked(); }));
    broker.journal.push_back(encode(event("c")));
    broker.acknowledged.clear();
    start();
    ASSERT_TRUE(until([&] { return got.size() == 3 && broker.acknowledged.size() >= 2; }));
    EXPECT_THAT(got, ElementsAre(1, 2, 3));
    EXPECT_EQ(broker.follows.back().after, 2U);
    EXPECT_EQ(broker.acknowledged.front(), 2U) << "an acknowledgement that may have been lost is said again";
}

TEST_F(ClientTest, AnEventThatCannotBeReadIsPassedOver) {
    start();
    broker.journal = {"rubbish", encode(event("good"))};
    const auto c = client();
    std::vector<Sequence> got;
    c->follow({}, [&](std::vector<Followed> events) {
        for (const auto& e : events) got.push_back(e.event.sequence);
    });
    ASSERT_TRUE(until([&] { return !got.empty(); }));
    EXPECT_THAT(got, ElementsAre(2));
}

// Whoever was told of it first may not be done with it.
TEST_F(ClientTest, WhatComesTwiceIsNotAcknowledgedForWhoeverFollows) {
    start();
    broker.journal = {encode(event("one"))};
    const auto c = client();
    std::vector<Sequence> got;
    c->follow({}, [&](std::vector<Followed> events) {
        for (const auto& e : events) got.push_back(e.event.sequence);
    });
    ASSERT_TRUE(until([&] { return got.size() == 1; }));
    broker.send(from_broker::Events{{{1, {}, broker.journal[0], {}}}});
    broker.send(from_broker::Events{{{2, {}, "rubbish", {}}}});
    broker.send(from_broker::Events{{{3, {}, encode(event("three")), {}}}});
    ASSERT_TRUE(until([&] { return got.size() == 2; }));
    EXPECT_THAT(got, ElementsAre(1, 3));
    EXPECT_THAT(broker.acknowledged, testing::IsEmpty());
    c->acknowledge(1);
    c->acknowledge(3);
    ASSERT_TRUE(until([&] { return broker.acknowledged.size() == 2; }));
    EXPECT_THAT(broker.acknowledged, ElementsAre(1, 3));
    // Nobody else will be done with what cannot be read.
    broker.send(from_broker::Events{{{4, {}, "rubbish", {}}}});
    ASSERT_TRUE(until([&] { return broker.acknowledged.size() == 3; }));
    EXPECT_EQ(broker.acknowledged.back(), 4U);
}

struct ClientJobs : ClientTest {
    // A worker that has taken one job, whose lease is "lease".
    std::unique_ptr<Client> worker() {
        auto c = client("worker-1", Role::worker);
        c->lease(2, [this](Job job) { jobs.push_back(std::move(job)); }, [this](EventId run) { cancelled.push_back(run); });
        EXPECT_TRUE(until([&] { return !broker.leases.empty(); }));
        requested = samples::all()[6];
        offer();
        EXPECT_TRUE(until([&] { return jobs.size() == 1; }));
        return c;
    }
    void offer() { broker.send(from_broker::JobOffer{samples::id_of("lease"), encode(requested), 1, 100ms, 9}); }
    std::vector<Job> jobs;
    std::vector<EventId> cancelled;
    Event requested;
};

TEST_F(ClientJobs, AreKeptAliveByHeartbeatsUntilTheyAreFinished) {
    start();
    const auto c = worker();
    EXPECT_THAT(broker.leases, ElementsAre(2));
    EXPECT_EQ(jobs[0].requested.id, requested.id);
    EXPECT_EQ(jobs[0].requested.sequence, 9U);
    ASSERT_TRUE(until([&] { return broker.beating.contains(samples::id_of("lease")); }));
    std::optional<Sequence> finished;
    c->publish(event("output"));
    c->finish(jobs[0], event("the end"), [&](service::Result<Sequence> s) { finished = s.value(); });
    ASSERT_TRUE(until([&] { return finished.has_value(); }));
    EXPECT_THAT(said(), ElementsAre("output", "the end"));
}

TEST_F(ClientJobs, FinishedWhileTheBrokerIsAwayAreFinishedAfterTheirOutput) {
    start();
    const auto c = worker();
    broker.stop();
    ASSERT_TRUE(until([&] { return !c->linked(); }));
    bool finished = false;
    c->publish(event("output"));
    c->finish(jobs[0], event("the end"), [&](service::Result<Sequence> s) { finished = s.has_value(); });
    start();
    ASSERT_TRUE(until([&] { return finished; }));
    EXPECT_THAT(said(), ElementsAre("output", "the end"));
}

TEST_F(ClientJobs, AreToldWhenTheLeaseHadLapsed) {
    start();
    broker.refused.insert(samples::id_of("lease"));
    const auto c = worker();
    std::optional<service::Error> error;
    c->finish(jobs[0], event("too late"), [&](service::Result<Sequence> s) { error = s.error(); });
    ASSERT_TRUE(until([&] { return error.has_value(); }));
    EXPECT_EQ(error->code, service::Code::conflict);
}

TEST_F(ClientJobs, ThatAreOfferedTwiceRunOnce) {
    start();
    const auto c = worker();
    offer();
    broker.send(from_broker::Cancel{requested.id});
    ASSERT_TRUE(until([&] { return !cancelled.empty(); }));
    EXPECT_EQ(jobs.size(), 1U);
    EXPECT_THAT(cancelled, ElementsAre(requested.id));
}

TEST_F(ClientTest, AQuestionReachesWhoServesAndTheAnswerComesBack) {
    start();
    const auto indexer = client("indexer", Role::indexer);
    indexer->serve("archive", [](std::string method, std::string request, auto, Client::Reply reply) {
        if (method == "fail") reply(service::fail(service::Code::invalid, "position 3: a quote is open"));
        else reply(method + "(" + request + ")");
    });
    ASSERT_TRUE(until([&] { return broker.services.contains("archive"); }));
    const auto web = client("web", Role::web);
    std::optional<service::Result<std::string>> good, bad;
    web->query("archive", "search", "disk", 2s, [&](auto r) { good = r; });
    web->query("archive", "fail", "", 2s, [&](auto r) { bad = r; });
    ASSERT_TRUE(until([&] { return good && bad; }));
    EXPECT_EQ(good->value(), "search(disk)");
    EXPECT_EQ(bad->error().what, "position 3: a quote is open");
}

TEST_F(ClientTest, AQuestionThatNobodyAnswersEndsAtItsDeadline) {
    start();
    const auto c = client();
    ASSERT_TRUE(until([&] { return c->linked(); }));
    std::optional<service::Error> error;
    const auto begin = std::chrono::steady_clock::now();
    c->query("archive", "search", "", 60ms, [&](auto r) { error = r.error(); });
    ASSERT_TRUE(until([&] { return error.has_value(); }));
    EXPECT_EQ(error->code, service::Code::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(ClientTest, AQuestionWithoutABrokerEndsAsUnavailable) {
    const auto c = client();
    std::optional<service::Error> error;
    c->query("archive", "search", "", 40ms, [&](auto r) { error = r.error(); });
    ASSERT_TRUE(until([&] { return error.has_value(); }));
    EXPECT_EQ(error->code, service::Code::unavailable);
}

}  // namespace
}  // namespace parley::bus
