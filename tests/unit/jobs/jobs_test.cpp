// Jobs open, are leased in order, go back, lapse and close.
#include "broker/jobs/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>

namespace parley::jobs {
namespace {

using namespace std::chrono_literals;
using bus::derived_id;
using service::Code;
using service::Steady;
using testing::ElementsAre;
using testing::IsEmpty;

class JobsTest : public testing::Test {
protected:
    JobsTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "parley-jobs-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        restart();
    }
    ~JobsTest() override {
        jobs.reset();
        env.reset();
        std::filesystem::remove_all(folder);
    }
    void restart() {
        jobs.reset();
        env.reset();
        env.emplace(folder / "journal");
        jobs.emplace(*env, Steady(10s));
    }
    static bus::EventId id(const std::string& name) { return derived_id({name}); }
    void open(const std::string& command, const std::string& key = {}, std::uint32_t max = 0) {
        bus::Event event;
        event.id = id(command);
        bus::CommandRequested body;
        body.command = command;
        body.action.concurrency_key = key;
        body.action.concurrency_max = max;
        event.body = body;
        write([&](store::WriteTxn& txn) { jobs->add(txn, event, "bytes of " + command, ++sequence); });
    }
    std::string lease(const std::string& name, const std::string& worker = "w1", Steady until = Steady(4s)) {
        std::optional<Job> job;
        write([&](store::WriteTxn& txn) { job = jobs->lease(txn, worker, id(name), until); });
        return job ? job->command : "";
    }
    service::Result<void> finish(const std::string& lease, const std::string& command) {
        service::Result<void> result;
        write([&](store::WriteTxn& txn) { result = jobs->finish(txn, id(lease), id(command)); });
        return result;
    }
    void write(const std::function<void(store::WriteTxn&)>& work) {
        store::WriteTxn txn(*env);
        work(txn);
        txn.commit();
    }

    std::filesystem::path folder;
    std::optional<store::Env> env;
    std::optional<Jobs> jobs;
    bus::Sequence sequence = 0;
};

TEST_F(JobsTest, AreLeasedInTheOrderInWhichTheyWereAsked) {
    open("one");
    open("two");
    EXPECT_EQ(lease("l1"), "one");
    EXPECT_EQ(lease("l2"), "two");
    EXPECT_EQ(lease("l3"), "");
    EXPECT_FALSE(jobs->any_waiting());
}

TEST_F(JobsTest, NeverRunMoreAtOnceThanTheirKeyAllows) {
    open("deploy 1", "deploy", 1);
    open("deploy 2", "deploy", 1);
    open("uptime");
    EXPECT_EQ(lease("l1"), "deploy 1");
    EXPECT_EQ(lease("l2"), "uptime") << "a busy key holds up nobody else";
    EXPECT_EQ(lease("l3"), "");
    EXPECT_TRUE(finish("l1", "deploy 1"));
    EXPECT_EQ(lease("l4"), "deploy 2");
}

TEST_F(JobsTest, KeepTheirLeaseOverARestartAndAWhileToBeHeardOfAgain) {
    open("one", "key", 1);
    open("two", "key", 1);
    lease("l1", "worker-7");
    restart();
    const auto* job = jobs->find(id("one"));
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(job->worker, "worker-7");
    EXPECT_EQ(job->requested, "bytes of one");
    EXPECT_EQ(job->attempt, 1U);
    EXPECT_EQ(lease("l2"), "") << "its key is still busy";
    EXPECT_THAT(jobs->lapsed(Steady(9s)), IsEmpty());
    EXPECT_THAT(jobs->lapsed(Steady(11s)), ElementsAre(id("one")));
    EXPECT_TRUE(finish("l1", "one"));
}

TEST_F(JobsTest, LapseUnlessTheirWorkerIsHeardOf) {
    open("one");
    lease("l1");
    jobs->heartbeat(id("l1"), Steady(8s));
    jobs->heartbeat(id("some other lease"), Steady(20s));
    EXPECT_THAT(jobs->lapsed(Steady(7s)), IsEmpty());
    EXPECT_THAT(jobs->lapsed(Steady(9s)), ElementsAre(id("one")));
}

TEST_F(JobsTest, GoBackToTheirPlaceAndTheOldLeaseIsWorthless) {
    open("one");
    open("two");
    lease("l1");
    write([&](store::WriteTxn& txn) { jobs->requeue(txn, id("one")); });
    EXPECT_EQ(finish("l1", "one").error().code, Code::conflict);
    EXPECT_EQ(lease("l2"), "one");
    EXPECT_EQ(jobs->find(id("one"))->attempt, 2U);
    EXPECT_EQ(jobs->run_of(id("l2")), id("one"));
    EXPECT_FALSE(jobs->run_of(id("l1")));
}

TEST_F(JobsTest, AreFinishedByTheirLeaseOnlyAndOnce) {
    open("one");
    EXPECT_EQ(finish("none", "one").error().code, Code::conflict);
    lease("l1");
    EXPECT_EQ(finish("l2", "one").error().code, Code::conflict);
    EXPECT_TRUE(finish("l1", "one"));
    EXPECT_EQ(finish("l1", "one").error().code, Code::conflict);
    restart();
    EXPECT_EQ(jobs->find(id("one")), nullptr);
}

TEST_F(JobsTest, TakeNothingBackFromATransactionThatFailed) {
    open("one");
    {
        store::WriteTxn txn(*env);
        jobs->lease(txn, "w1", id("l1"), Steady(4s));
    }
    jobs->reload(Steady(10s));
    EXPECT_FALSE(jobs->find(id("one"))->lease);
    EXPECT_EQ(lease("l2"), "one");
}

TEST_F(JobsTest, AreFoundByTheBeginningOfTheirId) {
    open("one");
    EXPECT_EQ(jobs->by_prefix(id("one").brief()).value(), id("one"));
    EXPECT_EQ(jobs->by_prefix("").error().code, Code::not_found);
    EXPECT_EQ(jobs->by_prefix("zzzzzzzzz").error().code, Code::not_found);
}

TEST_F(JobsTest, AreCounted) {
    open("one");
    open("two");
    lease("l1", "w1");
    EXPECT_EQ(jobs->queued(), 1U);
    EXPECT_EQ(jobs->running(), 1U);
    EXPECT_EQ(jobs->held_by("w1"), 1U);
    EXPECT_EQ(jobs->held_by("w2"), 0U);
}

}  // namespace
}  // namespace parley::jobs
