// Commands become jobs, jobs are leased, and every run ends once: finished, lost or cancelled.
#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

using bus::Kind;
using bus::Outcome;
using service::Code;

const bus::RunFinished& finished_of(const bus::Followed& followed) { return std::get<bus::RunFinished>(followed.event.body); }

bus::Value of_run(const bus::EventId& run) { return bus::Value::map({{"run", run.brief()}, {"who", "ann"}}); }

TEST_F(InProcess, RunsACommandOnceAndClosesItsJob) {
    restart_with_heartbeat(1s);
    auto& irc = client("irc", bus::Role::bridge);
    auto& only = worker("worker-1");
    publish(irc, said("irc", "1", "!uptime"));
    publish(irc, said("irc", "1", "!uptime"));
    until([&] { return !only.jobs.empty(); }, "a job");
    const auto done = finish(only, only.jobs[0], end_of(only.jobs[0]));
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(finish(only, only.jobs[0], end_of(only.jobs[0])).value_or(0), *done) << "an answer that was lost is given again";
    EXPECT_FALSE(finish(only, only.jobs[0], end_of(only.jobs[0], "another end")));
    reactor_.run_for(50ms);
    EXPECT_EQ(only.jobs.size(), 1U);
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

TEST_F(InProcess, PublishesNothingForALeaseThatHasLapsed) {
    auto& ends = watch({Kind::run_finished});
    auto& slow = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    until([&] { return !ends.empty() && !slow.jobs.empty(); }, "the loss: heartbeats here are slower than the lease");
    EXPECT_EQ(finished_of(ends[0]).outcome, Outcome::lost);
    const auto late = finish(slow, slow.jobs[0], end_of(slow.jobs[0]));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::conflict);
    EXPECT_EQ(ends.size(), 1U);
}

TEST_F(InProcess, ShowsNoOutputOfARunThatItCalledLost) {
    auto& seen = watch({Kind::run_finished, Kind::run_output});
    auto& slow = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    until([&] { return !seen.empty(); }, "the loss");
    bus::Event output;
    output.id = bus::derived_id({"output"});
    output.origin = slow.jobs[0].requested.origin;
    output.body = bus::RunOutput{slow.jobs[0].requested.id, 0, {}, "up 3 days", bus::Text("up 3 days")};
    ASSERT_TRUE(publish(*slow.client, output));
    until([&] { return seen.size() == 2; }, "the output, for the record");
    const auto& kept = std::get<bus::RunOutput>(seen[1].event.body);
    EXPECT_EQ(kept.data, "up 3 days");
    EXPECT_TRUE(kept.shown.empty());
}

TEST_F(InProcess, RunsAnIdempotentCommandAgainAfterItsWorkerDied) {
    auto& first = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!idempotent"));
    until([&] { return !first.jobs.empty(); }, "a job");
    kill(*first.client);
    auto& second = worker("worker-2");
    until([&] { return !second.jobs.empty(); }, "the same job again");
    EXPECT_EQ(second.jobs[0].requested.id, first.jobs[0].requested.id);
    EXPECT_EQ(second.jobs[0].attempt, 2U);
    EXPECT_NE(second.jobs[0].lease, first.jobs[0].lease);
}

TEST_F(InProcess, LosesNoJobToAWorkerThatWasAlreadyGone) {
    auto& ends = watch({Kind::run_finished});
    auto& gone = worker("worker-1");
    until([&] { return ask("status").value()["workers"].number() == 1; }, "the worker");
    kill(*gone.client);
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    auto& other = worker("worker-2");
    until([&] { return !other.jobs.empty(); }, "the job");
    EXPECT_TRUE(ends.empty());
}

TEST_F(InProcess, CancelsAWaitingRunAtOnce) {
    auto& ends = watch({Kind::run_finished});
    const auto message = said("irc", "1", "!uptime");
    publish(client("irc", bus::Role::bridge), message);
    const auto run = bus::derived_id({"command", message.id.view()});
    const auto answer = ask("cancel", of_run(run));
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ((*answer)["state"].text(), "cancelled");
    until([&] { return !ends.empty(); }, "the end");
    EXPECT_EQ(finished_of(ends[0]).outcome, Outcome::cancelled);
    EXPECT_THAT(finished_of(ends[0]).shown.plain, testing::HasSubstr("cancelled by ann"));
    EXPECT_EQ(ask("cancel", of_run(run)).error().code, Code::not_found);
}

// Without an id: the latest that runs a program and that they asked for themselves, not the command that cancels it.
TEST_F(InProcess, CancelsTheLatestRunOfWhoAsksWithoutAnId) {
    auto& ends = watch({Kind::run_finished});
    auto& irc = client("irc", bus::Role::bridge);
    commands_.consider = [](const bus::Event& message) {
        bus::Event asked = message;
        asked.id = bus::derived_id({"command", message.id.view()});
        asked.origin.native_id.clear();
        bus::CommandRequested requested;
        requested.command = std::get<bus::Message>(message.body).text.plain;
        requested.action.kind = requested.command == "cancel" ? bus::Action::Kind::builtin : bus::Action::Kind::exec;
        asked.body = requested;
        return std::vector{asked};
    };
    restart_with_heartbeat(1s);
    publish(irc, said("irc", "1", "first"));
    publish(irc, said("irc", "2", "second"));
    auto anns = said("irc", "3", "anns");
    anns.author.id = "ann";
    publish(irc, anns);
    publish(irc, said("irc", "4", "cancel"));
    const auto bobs = bus::Value::map({{"who", "bob"}, {"identity", "irc/bob"}, {"anyones", true}});
    std::size_t ended = 0;
    for (const auto* command : {"second", "first"}) {
        const auto answer = ask("cancel", bobs);
        ASSERT_TRUE(answer) << answer.error().text();
        EXPECT_EQ((*answer)["command"].text(), command);
        ++ended;
        until([&] { return ends.size() == ended; }, "its end");
    }
    const auto none = ask("cancel", bobs);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::not_found);
    EXPECT_THAT(none.error().what, testing::HasSubstr("no run of yours"));
}

// The page is no command of its own: what `!cancel` may, its button may.
TEST_F(InProcess, AsksTheRulesWhetherSomebodyOnThePageMayCancel) {
    std::optional<std::string> rule;
    commands_.rule = [&](const std::string& command, const std::string& identity, bus::Strength, const bus::RoomAddress&) {
        return command == "cancel" && identity == "web/ann" ? rule : std::nullopt;
    };
    restart_with_heartbeat(1s);
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    asker_ = &client("web", bus::Role::web);
    const auto tries = [&](const std::string& identity, const std::string& also = {}) {
        const auto run = bus::derived_id({"command", said("irc", "1", "!uptime").id.view()});
        const auto answer = ask("cancel", bus::Value::map({{"run", run.text()}, {"identity", identity}, {"also", also}, {"try", true}}));
        return answer ? "may" : std::string(service::name(answer.error().code));
    };
    EXPECT_EQ(tries("web/ann"), "denied") << "no rule";
    rule = "*";
    EXPECT_EQ(tries("web/ann"), "denied") << "bob asked for it";
    EXPECT_EQ(tries("web/ann", "irc/bob"), "may") << "who is bob there";
    EXPECT_EQ(tries("web/mallory", "irc/bob"), "denied");
    rule = "web/ann";
    EXPECT_EQ(tries("web/ann"), "may");
    EXPECT_EQ(ask("status").value()["jobs"]["queued"].number(), 1) << "to try is not to do";
}

TEST_F(InProcess, TellsTheWorkerToCancelARunningRun) {
    restart_with_heartbeat(1s);
    auto& busy = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    until([&] { return !busy.jobs.empty(); }, "a job");
    EXPECT_EQ(ask("cancel", of_run(busy.jobs[0].requested.id)).value()["state"].text(), "cancelling");
    until([&] { return !busy.cancelled.empty(); }, "the word to the worker");
    EXPECT_EQ(busy.cancelled[0], busy.jobs[0].requested.id);
    EXPECT_TRUE(finish(busy, busy.jobs[0], end_of(busy.jobs[0])));
}

TEST_F(InProcess, LetsAWorkerFinishAfterTheBrokerWasRestarted) {
    restart_with_heartbeat(1s);
    auto& ends = watch({Kind::run_finished});
    auto& busy = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    until([&] { return !busy.jobs.empty(); }, "a job");
    broker_.reset();
    settings_.grace = 10s;
    start();
    const auto done = finish(busy, busy.jobs[0], end_of(busy.jobs[0]));
    ASSERT_TRUE(done) << done.error().text();
    until([&] { return !ends.empty(); }, "the end");
    EXPECT_EQ(finished_of(ends[0]).outcome, Outcome::succeeded);
    EXPECT_EQ(ask("status").value()["jobs"]["running"].number(-1), 0);
}

}  // namespace
}  // namespace parley::broker
