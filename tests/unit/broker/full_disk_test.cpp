// A full disk: publishers hear of it, nothing that was acknowledged is lost, and the broker goes on.
#include "tests/support/no_more_than.h"
#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

using service::Code;

TEST_F(InProcess, RefusesWhatItCannotWriteAndGoesOnWhenThereIsRoom) {
    auto& irc = client("irc", bus::Role::bridge);
    auto& seen = watch({bus::Kind::message});
    ASSERT_TRUE(publish(irc, said("irc", "1", "before")));
    const auto large = said("irc", "2", std::string(900'000, 'x'));
    {
        const support::NoMoreThan limit(256 * 1024);
        const auto answer = publish(irc, large);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Code::io);
        EXPECT_THAT(answer.error().text(), testing::HasSubstr("free some space"));
        EXPECT_THAT(ask("status").value()["trouble"].text(), testing::HasSubstr("disk is full"));
    }
    const auto again = publish(irc, large);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, 2U);
    until([&] { return seen.size() == 2; }, "both");
    EXPECT_EQ(ask("status").value()["trouble"].text(), "");
}

TEST_F(InProcess, TakesAFollowerWhosePlaceItCouldNotWriteAsSoonAsThereIsRoom) {
    publish(client("irc", bus::Role::bridge), said("irc", "1", "before"));
    std::size_t got = 0;
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    {
        const support::NoMoreThan limit(1);
        client("indexer", bus::Role::indexer).follow(follow, [&](const std::vector<bus::Followed>& events) { got += events.size(); });
        until([&] { return ask("status").has_value(); }, "the broker, still there");
        reactor_.run_for(100ms);
        EXPECT_EQ(got, 0U);
    }
    until([&] { return got == 1; }, "what it missed");
}

TEST_F(InProcess, KeepsTheEndOfARunUntilThereIsRoom) {
    restart_with_heartbeat(1s);
    auto& ends = watch({bus::Kind::run_finished, bus::Kind::run_output});
    auto& busy = worker("worker-1");
    publish(client("irc", bus::Role::bridge), said("irc", "1", "!uptime"));
    until([&] { return !busy.jobs.empty(); }, "a job");
    std::optional<service::Result<bus::Sequence>> done;
    {
        const support::NoMoreThan limit(1);
        bus::Event output;
        output.id = bus::derived_id({"output"});
        output.origin = busy.jobs[0].requested.origin;
        output.body = bus::RunOutput{busy.jobs[0].requested.id, 0, {}, "up 3 days", bus::Text("up 3 days")};
        busy.client->publish(output);
        busy.client->finish(busy.jobs[0], end_of(busy.jobs[0]), [&](service::Result<bus::Sequence> answer) { done = std::move(answer); });
        until([&] { return !ask("status").value()["trouble"].text().empty(); }, "the broker to see that its disk is full");
        EXPECT_FALSE(done);
    }
    until([&] { return done.has_value() && ends.size() == 2; }, "both, written");
    EXPECT_TRUE(*done) << done->error().text();
    EXPECT_EQ(ends[0].event.kind(), bus::Kind::run_output);
    EXPECT_EQ(std::get<bus::RunFinished>(ends[1].event.body).outcome, bus::Outcome::succeeded);
}

}  // namespace
}  // namespace parley::broker
