// What a server with IRCv3 adds: ids, times, echoes, accounts, history.
#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class Inspircd : public ::testing::Test {
protected:
    void SetUp() override {
        if (!IrcServer::installed(IrcServer::Kind::inspircd)) GTEST_SKIP() << "inspircd is not installed";
        server_ = std::make_unique<IrcServer>(IrcServer::Kind::inspircd);
    }
    std::unique_ptr<IrcServer> server_;
};

TEST_F(Inspircd, TheEchoIsTheReceiptAndNamesTheId) {
    Bot bot(*server_);
    IrcClient alice(server_->port(), "alice", {.capabilities = {"message-tags"}});
    alice.join("#ops");
    bot.say("#ops", "hello");
    ASSERT_TRUE(bot.until_answered());
    ASSERT_THAT(bot.host.receipts, SizeIs(1));
    EXPECT_TRUE(bot.platform().capabilities().receipts);
    const auto line = parse(alice.expect("PRIVMSG #ops"));
    ASSERT_TRUE(line);
    EXPECT_EQ(bot.host.receipts[0].second, line->tag("msgid").value_or("none"));
}

TEST_F(Inspircd, HistoryOnJoinCarriesItsOwnIdsAndTimes) {
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    alice.raw("MODE #ops +H 20:1h");
    alice.expect("+H");
    Bot live(*server_);
    alice.say("#ops", "while you are here");
    ASSERT_TRUE(live.until([&] { return !live.host.said().empty(); }));
    Bot::Options late;
    late.more = "";
    Bot second(*server_, late);
    ASSERT_TRUE(second.until([&] { return !second.host.said().empty(); }));
    EXPECT_THAT(second.host.said(), ElementsAre("#ops <alice> while you are here"));
    const auto find = [](const Bot& bot) {
        for (const auto& event : bot.host.events)
            if (std::holds_alternative<bus::Message>(event.body)) return event;
        return bus::Event{};
    };
    EXPECT_EQ(find(second).origin.native_id, find(live).origin.native_id) << "so that the kit knows it for the same";
    EXPECT_NE(find(second).origin.native_id, "");
}

}  // namespace
}  // namespace parley::irc
