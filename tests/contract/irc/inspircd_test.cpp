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

// A message of bob's, and its id.
std::string id_of_what_is_said(IrcClient& bob, const std::string& text) {
    bob.say("#ops", text);
    const auto echo = parse(bob.expect("PRIVMSG #ops"));
    return echo ? std::string(echo->tag("msgid").value_or("")) : "";
}

TEST_F(Inspircd, RepliesAndReactionsOfPeopleNameTheirMessage) {
    Bot bot(*server_);
    IrcClient bob(server_->port(), "bob", {.capabilities = {"message-tags", "echo-message"}});
    bob.join("#ops");
    const auto id = id_of_what_is_said(bob, "disk full");
    ASSERT_NE(id, "");
    bob.raw("@+draft/reply=" + id + " PRIVMSG #ops :not any more");
    bob.raw("@+draft/reply=" + id + ";+draft/react=👍 TAGMSG #ops");
    bob.raw("@+draft/reply=" + id + ";+draft/unreact=👍 TAGMSG #ops");
    const auto reactions = [&] {
        std::vector<bus::Reaction> out;
        for (const auto& event : bot.host.events)
            if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) out.push_back(*reaction);
        return out;
    };
    ASSERT_TRUE(bot.until([&] { return reactions().size() == 2; }));
    EXPECT_THAT(bot.host.said(), ElementsAre("#ops <bob> disk full", "#ops <bob> not any more"));
    EXPECT_THAT(reactions(), ElementsAre(bus::Reaction{{{}, id}, "👍", true}, bus::Reaction{{{}, id}, "👍", false}));
    for (const auto& event : bot.host.events) {
        const auto* message = std::get_if<bus::Message>(&event.body);
        if (message == nullptr) continue;
        EXPECT_EQ(message->reply_to.native_id, message->text.plain == "not any more" ? id : "");
    }
}

TEST_F(Inspircd, OurRepliesAndReactionsAreNativeIfThatIsWanted) {
    Bot bot(*server_, {.more = "client_tags = true\n"});
    IrcClient bob(server_->port(), "bob", {.capabilities = {"message-tags", "echo-message"}});
    bob.join("#ops");
    const auto id = id_of_what_is_said(bob, "disk full");
    ASSERT_TRUE(bot.platform().capabilities().replies);
    ASSERT_TRUE(bot.platform().capabilities().reactions);
    EXPECT_FALSE(bot.platform().capabilities().redactions) << "this server has no way to take a message back";
    bot.deliver({{{}, "#ops", 0}, kit::Say{"<alice> on it", bus::Message::Style::plain, {}, id, "bob"}, false});
    bot.deliver({{{}, "#ops", 0}, kit::React{id, {"👍"}, "👍", true}, false});
    bot.deliver({{{}, "#ops", 0}, kit::React{id, {}, "👍", false}, false});
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(bot.host.receipts, SizeIs(3));
    const auto tag = [&](const std::string& part, const std::string& name) {
        const auto line = parse(bob.expect(part));
        return line ? std::string(line->tag(name).value_or("none")) : "no line";
    };
    EXPECT_EQ(tag("PRIVMSG #ops :<alice> on it", "+draft/reply"), id);
    EXPECT_EQ(tag(" TAGMSG ", "+draft/react"), "👍");
    EXPECT_EQ(tag(" TAGMSG ", "+draft/unreact"), "👍");
    EXPECT_THAT(bot.host.receipts[1].second, testing::Not("")) << "so that its echo is known";
}

TEST_F(Inspircd, WhatTheServerOffersMayChangeWhileWeAreThere) {
    Bot bot(*server_);
    IrcClient root(server_->port(), "root");
    root.oper();
    root.join("#ops");
    ASSERT_TRUE(bot.platform().capabilities().receipts);
    root.raw("UNLOADMODULE m_ircv3_echomessage.so");
    ASSERT_TRUE(bot.until([&] { return !bot.platform().capabilities().receipts; }));
    bot.say("#ops", "without an echo");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_EQ(bot.host.receipts.back().second, "");
    root.raw("LOADMODULE m_ircv3_echomessage.so");
    ASSERT_TRUE(bot.until([&] { return bot.platform().capabilities().receipts; }));
    bot.say("#ops", "with one");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_NE(bot.host.receipts.back().second, "");
    EXPECT_THAT(root.hears("#ops", 2), ElementsAre("<parley> without an echo", "<parley> with one"));
    EXPECT_EQ(bot.host.connecting.size(), 1u);
}

TEST_F(Inspircd, ANameWithSeveralSignsInFrontIsOneMember) {
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    alice.raw("MODE #ops +v alice");
    alice.expect(" MODE ");
    Bot bot(*server_);
    ASSERT_TRUE(bot.until([&] { return !bot.host.memberships(bus::Membership::Change::present).empty(); }));
    EXPECT_EQ(bot.host.memberships(bus::Membership::Change::present)[0]->author.name, "alice");
}

TEST_F(Inspircd, AWrongServerPasswordIsAClearReasonAndTheRightOneLetsUsIn) {
    const IrcServer closed(IrcServer::Kind::inspircd, {.password = "sesame"});
    Bot::Options without;
    without.join = false;
    Bot refused(closed, without);
    ASSERT_TRUE(refused.until([&] { return !refused.host.link_reason.what.empty(); }));
    EXPECT_NE(refused.host.link, kit::Link::up);
    const tests::TempFolder folder;
    Bot::Options with;
    with.more = "password = { file = \"" + folder.write("password", "sesame\n").string() + "\" }\n";
    const Bot bot(closed, with);
    EXPECT_EQ(bot.host.link, kit::Link::up);
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
