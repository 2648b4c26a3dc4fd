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

}  // namespace
}  // namespace parley::broker
