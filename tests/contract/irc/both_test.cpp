// What holds on every IRC server, plain and over TLS.
#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Where {
    IrcServer::Kind kind;
    bool tls;
};

class OnServer : public ::testing::TestWithParam<Where> {
protected:
    void SetUp() override {
        if (!IrcServer::installed(GetParam().kind)) GTEST_SKIP() << "the server is not installed";
        server_ = std::make_unique<IrcServer>(GetParam().kind, IrcServer::Options{.tls = GetParam().tls});
        if (GetParam().tls) more_ = "ca_file = \"" + server_->ca_file().string() + "\"\n";
    }
    Bot::Options options(std::vector<std::string> rooms = {"#ops"}) {
        return {more_, std::move(rooms), GetParam().tls};
    }
    std::unique_ptr<IrcServer> server_;
    std::string more_;
};

TEST_P(OnServer, WhatAPersonSaysIsHeardOnceAndInOrder) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    for (int i = 0; i < 50; ++i) alice.say("#ops", "line " + std::to_string(i));
    alice.action("#ops", "waves");
    ASSERT_TRUE(bot.until([&] { return bot.host.said().size() >= 51; }));
    const auto said = bot.host.said();
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(said[i], "#ops <alice> line " + std::to_string(i));
    EXPECT_EQ(said[50], "#ops * alice waves");
    const auto* joined = bot.host.memberships(bus::Membership::Change::join).at(0);
    EXPECT_EQ(joined->author.name, "alice");
}

TEST_P(OnServer, ADeliveryIsSeenAndGivesOneReceipt) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    bot.say("#ops", "<bob> good morning");
    bot.say("#ops", "dances", bus::Message::Style::action);
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops", 2), ElementsAre("<parley> <bob> good morning", "* parley dances"));
    EXPECT_THAT(bot.host.receipts, SizeIs(2));
    EXPECT_THAT(bot.host.refusals, IsEmpty());
    EXPECT_THAT(bot.host.said(), IsEmpty()) << "our own words do not come back as talk";
}

TEST_P(OnServer, LongTextArrivesWholeInSeveralLines) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    std::string text;
    for (int i = 0; i < 120; ++i) text += "wörd" + std::to_string(i) + "€ ";
    text.pop_back();
    bot.say("#ops", text);
    ASSERT_TRUE(bot.until_answered());
    const auto pieces = split(text, 400).size();
    std::string back;
    for (const auto& line : alice.hears("#ops", pieces))
        back += (back.empty() ? "" : " ") + line.substr(std::string("<parley> ").size());
    if (back.size() < text.size())
        for (const auto& line : alice.heard_so_far("#ops")) back += " " + line.substr(std::string("<parley> ").size());
    EXPECT_EQ(back, text);
    EXPECT_THAT(bot.host.receipts, SizeIs(1));
}

TEST_P(OnServer, ATextAsLongAsTheCapabilitiesSayIsOneLineThatNobodyCuts) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    const std::string text(bot.platform().capabilities().text_max, 'x');
    EXPECT_GT(text.size(), 300u);
    bot.say("#ops", text);
    EXPECT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops", 1), ElementsAre("<parley> " + text));
}

TEST_P(OnServer, ATextCannotSmuggleACommandIn) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    bot.say("#ops", std::string("one\r\nQUIT :gone\r\n") + '\0' + "two");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops", 3), ElementsAre("<parley> one", "<parley> QUIT :gone", "<parley> two"));
    EXPECT_EQ(bot.host.link, kit::Link::up);
}

TEST_P(OnServer, ADirectMessageIsARoomOfItsOwn) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.say("parley", "!login");
    ASSERT_TRUE(bot.until([&] { return !bot.host.said().empty(); }));
    EXPECT_THAT(bot.host.said(), ElementsAre("alice <alice> !login"));
    EXPECT_EQ(bot.host.events.at(0).origin.visibility, bus::Visibility::direct);
    bot.say("alice", "here you are");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("alice"), ElementsAre("<parley> here you are"));
    EXPECT_THAT(bot.host.receipts, SizeIs(1));
}

TEST_P(OnServer, NobodyOfThatNickIsARefusal) {
    Bot bot(*server_, options());
    bot.say("nobody", "hello?");
    ASSERT_TRUE(bot.until_answered());
    ASSERT_THAT(bot.host.refusals, SizeIs(1));
    EXPECT_EQ(bot.host.refusals[0].second.code, service::Code::not_found);
}

TEST_P(OnServer, ATakenNickGetsAnother) {
    IrcClient squatter(server_->port(), "parley");
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    squatter.join("#ops");
    alice.join("#ops");
    bot.say("#ops", "who am I");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops"), ElementsAre("<parley_> who am I"));
}

TEST_P(OnServer, TheNickComesBackWhenItsHolderLeaves) {
    auto squatter = std::make_unique<IrcClient>(server_->port(), "parley");
    squatter->join("#ops");
    Bot bot(*server_, options());
    squatter->quit();
    IrcClient alice(server_->port(), "alice");
    ASSERT_TRUE(bot.until([&] { return !bot.host.memberships(bus::Membership::Change::leave).empty(); }));
    alice.join("#ops");
    bot.say("#ops", "me again");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops"), ElementsAre("<parley> me again"));
}

TEST_P(OnServer, AKickIsToldAndTheRoomIsJoinedAgain) {
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    Bot bot(*server_, options());
    alice.kick("#ops", "parley", "enough");
    ASSERT_TRUE(bot.until([&] { return !bot.host.room_reasons.empty(); }));
    EXPECT_THAT(bot.host.room_reasons[0].what, HasSubstr("alice kicked us out of #ops: enough"));
    ASSERT_TRUE(bot.until_joined());
    bot.say("#ops", "back");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops"), ElementsAre("<parley> back"));
}

TEST_P(OnServer, ABanAKeyAndAnInvitationAreClearErrors) {
    IrcClient alice(server_->port(), "alice");
    for (const char* room : {"#banned", "#keyed", "#invited", "#full"}) alice.join(room);
    alice.raw("MODE #banned +b parley!*@*");
    alice.raw("MODE #keyed +k sesame");
    alice.raw("MODE #invited +i");
    alice.raw("MODE #full +l 1");
    alice.expect(" +l ");
    auto all = options({"#banned", "#keyed", "#invited", "#full"});
    all.join = false;
    Bot bot(*server_, all);
    ASSERT_TRUE(bot.until([&] { return bot.host.room_reasons.size() >= 4; }));
    std::string whats;
    for (std::size_t i = 0; i < 4; ++i) whats += bot.host.room_reasons[i].text() + "\n";
    EXPECT_THAT(whats, HasSubstr("#banned: we are banned"));
    EXPECT_THAT(whats, HasSubstr("#keyed: the channel's key is wrong"));
    EXPECT_THAT(whats, HasSubstr("#invited: the channel is by invitation"));
    EXPECT_THAT(whats, HasSubstr("#full: the channel is full"));
    alice.raw("MODE #banned -b parley!*@*");
    EXPECT_TRUE(bot.until_joined("#banned")) << "a lifted ban is noticed";
}

TEST_P(OnServer, ARoomWithItsKeyIsJoined) {
    IrcClient alice(server_->port(), "alice");
    alice.join("#keyed");
    alice.raw("MODE #keyed +k sesame");
    alice.expect(" +k ");
    auto keyed = options({"#keyed"});
    keyed.more += "channel_keys = { \"#Keyed\" = \"sesame\" }\n";
    Bot bot(*server_, keyed);
    EXPECT_TRUE(bot.host.rooms["#keyed"]);
}

TEST_P(OnServer, AMutedRoomRefuses) {
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    alice.raw("MODE #ops +m");
    alice.expect(" +m");
    Bot bot(*server_, options());
    bot.say("#ops", "may I?");
    ASSERT_TRUE(bot.until_answered());
    ASSERT_THAT(bot.host.refusals, SizeIs(1));
    EXPECT_EQ(bot.host.refusals[0].second.code, service::Code::denied);
    EXPECT_THAT(bot.host.receipts, IsEmpty());
}

TEST_P(OnServer, TheServerDiesAndReturnsAndTalkGoesOn) {
    Bot bot(*server_, options());
    server_->kill();
    ASSERT_TRUE(bot.until([&] { return bot.host.link != kit::Link::up; }));
    bot.host.rooms.clear();
    server_->start();
    ASSERT_TRUE(bot.until_joined());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    bot.say("#ops", "still here");
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(alice.hears("#ops"), ElementsAre("<parley> still here"));
}

TEST_P(OnServer, ASilentServerIsNoticed) {
    auto brisk = options();
    brisk.more += "ping_after = \"200 ms\"\nping_timeout = \"300 ms\"\n";
    Bot bot(*server_, brisk);
    server_->freeze();
    ASSERT_TRUE(bot.until([&] { return bot.host.link != kit::Link::up; }));
    EXPECT_EQ(bot.host.link_reason.code, service::Code::timeout);
    server_->thaw();
    bot.host.rooms.clear();
    EXPECT_TRUE(bot.until_joined());
}

TEST_P(OnServer, ComingsGoingsNamesAndTopicsAreEvents) {
    IrcClient carol(server_->port(), "carol");
    carol.join("#ops");
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    alice.change_nick("alicia");
    carol.raw(
        "TOPIC #ops :on \x02"
        "call\x02");
    carol.expect(" TOPIC ");
    alice.part("#ops", "lunch");
    carol.quit("home");
    using Change = bus::Membership::Change;
    ASSERT_TRUE(bot.until([&] { return bot.host.memberships(Change::leave).size() >= 2; }));
    EXPECT_THAT(bot.host.memberships(Change::join), SizeIs(1));
    EXPECT_THAT(bot.host.memberships(Change::present), SizeIs(1));
    ASSERT_THAT(bot.host.memberships(Change::rename), SizeIs(1));
    EXPECT_EQ(std::get<bus::Membership>(bot.host.memberships(Change::rename)[0]->body).new_name, "alicia");
    std::vector<std::string> topics;
    for (const auto& event : bot.host.events)
        if (const auto* topic = std::get_if<bus::Topic>(&event.body)) topics.push_back(topic->text.plain);
    EXPECT_THAT(topics, ElementsAre("on call"));
}

TEST_P(OnServer, WeSetATopic) {
    Bot bot(*server_, options());
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    bot.deliver({{{}, "#ops", 0}, kit::SetTopic{"new plan"}, false});
    ASSERT_TRUE(bot.until_answered());
    EXPECT_THAT(bot.host.receipts, SizeIs(1));
    EXPECT_THAT(alice.expect(" TOPIC "), HasSubstr("new plan"));
}

INSTANTIATE_TEST_SUITE_P(Irc, OnServer,
                         ::testing::Values(Where{IrcServer::Kind::ngircd, false}, Where{IrcServer::Kind::ngircd, true},
                                           Where{IrcServer::Kind::inspircd, false},
                                           Where{IrcServer::Kind::inspircd, true}, Where{IrcServer::Kind::ergo, false},
                                           Where{IrcServer::Kind::ergo, true}),
                         [](const auto& where) {
                             const auto kind = where.param.kind;
                             return std::string(kind == IrcServer::Kind::ngircd     ? "Ngircd"
                                                : kind == IrcServer::Kind::inspircd ? "Inspircd"
                                                                                    : "Ergo") +
                                    (where.param.tls ? "Tls" : "Plain");
                         });

}  // namespace
}  // namespace parley::irc
