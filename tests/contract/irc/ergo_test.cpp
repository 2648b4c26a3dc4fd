// A server that keeps its rooms' history (draft/chathistory): Ergo, for real.
#include <fmt/format.h>

#include <set>

#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Ergo : public ::testing::Test {
protected:
    void SetUp() override {
        if (!IrcServer::installed(IrcServer::Kind::ergo)) GTEST_SKIP() << "ergo is not installed";
        begin({});
    }
    void begin(IrcServer::Options options) {
        alice_.reset();
        server_ = std::make_unique<IrcServer>(IrcServer::Kind::ergo, options);
        alice_ = std::make_unique<IrcClient>(server_->port(), "alice", IrcClient::Options{.capabilities = {"message-tags", "echo-message", "server-time"}});
        alice_->join("#ops");
    }
    // What alice says, with its id and time as the server has them.
    kit::Seen said(const std::string& text) {
        alice_->say("#ops", text);
        const auto echo = parse(alice_->expect(" PRIVMSG #ops :" + text));
        const auto id = echo ? echo->tag("msgid") : std::nullopt, time = echo ? echo->tag("time") : std::nullopt;
        if (!id || !time) return {};
        return {std::string(*id), service::parse_iso8601(*time).value_or(service::Time{})};
    }
    // As the kit takes them: what has an id that came before is the same.
    static std::vector<std::string> once(const Bot& bot) {
        std::set<std::string> ids;
        std::vector<std::string> out;
        for (const auto& event : bot.host.events)
            if (const auto* message = std::get_if<bus::Message>(&event.body); message != nullptr && ids.insert(event.origin.native_id).second)
                out.push_back(event.origin.room.room + " <" + event.author.name + "> " + message->text.plain);
        return out;
    }
    static std::vector<std::string> gaps(const Bot& bot) {
        std::vector<std::string> out;
        for (const auto& event : bot.host.events)
            if (const auto* gap = std::get_if<bus::Gap>(&event.body)) out.push_back(gap->why);
        return out;
    }
    std::unique_ptr<IrcServer> server_;
    std::unique_ptr<IrcClient> alice_;
};

std::vector<std::string> numbered(const std::string& what, int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i < to; ++i) out.push_back(fmt::format("#ops <alice> {} {}", what, i));
    return out;
}

TEST_F(Ergo, KeepsHistoryEchoesAndLabels) {
    Bot bot(*server_);
    const auto& can = bot.platform().capabilities();
    EXPECT_TRUE(can.history);
    EXPECT_TRUE(can.receipts);
    EXPECT_FALSE(can.redactions) << "this version has no REDACT";
    bot.say("#ops", "hello");
    ASSERT_TRUE(bot.until_answered());
    ASSERT_THAT(bot.host.receipts, SizeIs(1));
    const auto line = parse(alice_->expect("PRIVMSG #ops"));
    ASSERT_TRUE(line);
    EXPECT_EQ(bot.host.receipts[0].second, line->tag("msgid").value_or("none"));
}

TEST_F(Ergo, PagesOfWhatWasMissedComeInOrderAndBeforeWhatIsSaidMeanwhile) {
    const auto seen = said("before");
    for (int i = 0; i < 250; ++i) said(fmt::format("missed {}", i));
    Bot bot(*server_);
    bot.platform().backfill({"#ops", seen});
    for (int i = 0; i < 5; ++i) alice_->say("#ops", fmt::format("live {}", i));
    ASSERT_TRUE(bot.until([&] { return once(bot).size() >= 256; })) << once(bot).size();
    auto wanted = numbered("missed", 0, 250);
    const auto live = numbered("live", 0, 5);
    wanted.insert(wanted.begin(), "#ops <alice> before");  // the kit knows it by its id
    wanted.insert(wanted.end(), live.begin(), live.end());
    EXPECT_THAT(once(bot), ElementsAreArray(wanted));
    EXPECT_THAT(gaps(bot), IsEmpty());
    const auto first = std::find_if(bot.host.events.begin(), bot.host.events.end(),
                                    [](const auto& event) { return event.kind() == bus::Kind::message; });
    ASSERT_NE(first, bot.host.events.end());
    EXPECT_EQ(first->origin.native_id, seen.native_id) << "the same id as when it was said";
}

TEST_F(Ergo, WhoCameAndWentMeanwhileIsNotTalk) {
    const auto seen = said("before");
    for (int i = 0; i < 3; ++i) {
        IrcClient visitor(server_->port(), fmt::format("visitor{}", i));
        visitor.join("#ops");
        visitor.raw("NICK other");
        visitor.expect(" NICK ");
        visitor.part("#ops");
        visitor.quit();
    }
    alice_->raw("TOPIC #ops :of the day");
    said("after");
    Bot bot(*server_);
    bot.platform().backfill({"#ops", seen});
    ASSERT_TRUE(bot.until([&] { return bot.host.said().size() >= 2; }));
    EXPECT_THAT(bot.host.said(), ElementsAre("#ops <alice> before", "#ops <alice> after"));
    said("live");
    ASSERT_TRUE(bot.until([&] { return bot.host.said().size() >= 3; }));
    EXPECT_THAT(bot.host.said().back(), "#ops <alice> live");
}

TEST_F(Ergo, WhatTheServerHasForgottenIsMarked) {
    begin({.history_lines = 20});
    const auto seen = said("before");
    for (int i = 0; i < 50; ++i) said(fmt::format("missed {}", i));
    Bot bot(*server_);
    bot.platform().backfill({"#ops", seen});
    ASSERT_TRUE(bot.until([&] { return !bot.host.said().empty() && bot.host.said().back() == "#ops <alice> missed 49"; }));
    EXPECT_THAT(gaps(bot), ElementsAre(HasSubstr("does not go back that far")));
    const auto all = bot.host.said();
    EXPECT_THAT(all, ElementsAreArray(numbered("missed", 50 - static_cast<int>(all.size()), 50)));
}

TEST_F(Ergo, MoreThanTheLimitIsMarked) {
    const auto seen = said("before");
    for (int i = 0; i < 250; ++i) said(fmt::format("missed {}", i));
    Bot bot(*server_, {.more = "history_max = 100\n"});
    bot.platform().backfill({"#ops", seen});
    ASSERT_TRUE(bot.until([&] { return !gaps(bot).empty(); }));
    EXPECT_THAT(gaps(bot), ElementsAre("more than 100 messages were missed"));
    auto wanted = numbered("missed", 0, static_cast<int>(bot.host.said().size()) - 1);
    wanted.insert(wanted.begin(), "#ops <alice> before");
    EXPECT_THAT(bot.host.said(), ElementsAreArray(wanted));
    EXPECT_THAT(wanted.size(), testing::AllOf(testing::Ge(98u), testing::Le(100u))) << "who came is a line, too";
}

TEST_F(Ergo, AServerThatLostItsHistoryInARestartIsMarked) {
    const auto seen = said("before");
    said("lost with the server");
    Bot bot(*server_);
    alice_.reset();
    server_->start();
    ASSERT_TRUE(bot.until([&] { return bot.host.connecting.size() > 1 && bot.host.link == kit::Link::up && bot.host.rooms["#ops"]; }));
    bot.platform().backfill({"#ops", seen});
    ASSERT_TRUE(bot.until([&] { return !gaps(bot).empty(); }));
    EXPECT_THAT(gaps(bot), ElementsAre(HasSubstr("does not go back that far")));
}

// The bridge died, or its link did, between saying something and hearing it back.
TEST_F(Ergo, WhetherSomethingWasSaidIsSettledByTheHistory) {
    const auto seen = said("before");
    {
        Bot before(*server_);
        before.say("#ops", "<bob> said");
        ASSERT_TRUE(before.until_answered());
    }
    EXPECT_THAT(alice_->expect("QUIT"), HasSubstr("parley"));
    said("after");
    Bot bot(*server_);
    bot.platform().backfill({"#ops", seen});
    for (const auto* text : {"<bob> said", "<bob> not said"})
        bot.deliver({{{}, "#ops", 0}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, true});
    for (const auto* text : {"<bob> said", "<bob> held"})  // that there is one of the first settles one doubt, not two
        bot.deliver({{{}, "#ops", 0}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, true, {}, true});
    bot.say("#ops", "<bob> new");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(bot.host.refusals, SizeIs(2));
    EXPECT_THAT(alice_->hears("#ops", 2), ElementsAre("<parley> (maybe again) <bob> not said", "<parley> <bob> new"));
}

}  // namespace
}  // namespace parley::irc
