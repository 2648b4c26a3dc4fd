// What is particular to servers without IRCv3, and to getting in.
#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class Ngircd : public ::testing::Test {
protected:
    void SetUp() override {
        if (!IrcServer::installed(IrcServer::Kind::ngircd)) GTEST_SKIP() << "ngircd is not installed";
    }
};

TEST_F(Ngircd, WithoutEchoesAFenceIsTheReceiptAndItNamesNoId) {
    const IrcServer server(IrcServer::Kind::ngircd);
    Bot bot(server);
    bot.say("#ops", "hello");
    ASSERT_TRUE(bot.until_answered());
    ASSERT_THAT(bot.host.receipts, SizeIs(1));
    EXPECT_EQ(bot.host.receipts[0].second, "");
    EXPECT_FALSE(bot.platform().capabilities().receipts);
}

// Nothing tells here whether a line was said before the link or the process died.
TEST_F(Ngircd, WhatIsInDoubtIsSaidAgainMarkedOrHeldAsItsGatewayWants) {
    const IrcServer server(IrcServer::Kind::ngircd);
    Bot bot(server);
    IrcClient alice(server.port(), "alice");
    alice.join("#ops");
    const auto in_doubt = [&](const std::string& text, bool hold) {
        return bot.deliver({{{}, "#ops", 0}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, true, {}, hold});
    };
    in_doubt("<bob> one", false);
    const auto held = in_doubt("<bob> two", true);
    bot.say("#ops", "<bob> three");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops", 2), testing::ElementsAre("<parley> (maybe again) <bob> one", "<parley> <bob> three"));
    ASSERT_THAT(bot.host.refusals, SizeIs(1));
    EXPECT_EQ(bot.host.refusals[0].first, held);
    EXPECT_THAT(bot.host.refusals[0].second.what, HasSubstr("held: it may have been said already"));
}

TEST_F(Ngircd, AWrongServerPasswordIsAClearReason) {
    const IrcServer server(IrcServer::Kind::ngircd, {.password = "sesame"});
    Bot::Options options;
    options.join = false;
    Bot bot(server, options);
    ASSERT_TRUE(bot.until([&] { return !bot.host.link_reason.what.empty(); }));
    EXPECT_NE(bot.host.link, kit::Link::up);
}

TEST_F(Ngircd, TheRightServerPasswordLetsUsIn) {
    const IrcServer server(IrcServer::Kind::ngircd, {.password = "sesame"});
    const tests::TempFolder folder;
    Bot::Options options;
    options.more = "password = { file = \"" + folder.write("password", "sesame\n").string() + "\" }\n";
    const Bot bot(server, options);
    EXPECT_EQ(bot.host.link, kit::Link::up);
}

TEST_F(Ngircd, AnUnknownCertificateIsNotTrusted) {
    const IrcServer server(IrcServer::Kind::ngircd, {.tls = true});
    Bot::Options options;
    options.tls = true;
    options.join = false;
    Bot bot(server, options);
    ASSERT_TRUE(bot.until([&] { return !bot.host.link_reason.what.empty(); }));
    EXPECT_THAT(bot.host.link_reason.what, HasSubstr("certificate"));
}

}  // namespace
}  // namespace parley::irc
