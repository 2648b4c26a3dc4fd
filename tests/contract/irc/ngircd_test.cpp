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
