// Replies, reactions, what is taken back, and who said it, as IRCv3 lines.
#include "bridges/irc/capabilities.h"
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Tagged : public Talk {
protected:
    Tagged() { settings_.client_tags = true; }
    void enable(const std::string& list) {
        hear(":s CAP parley NEW :" + list);
        hear(":s CAP parley ACK :" + list);
    }
};

TEST_F(Tagged, AReplyNamesWhatItAnswers) {
    up();
    hear("@+draft/reply=m7;msgid=m8 :alice!a@h PRIVMSG #ops :sure");
    ASSERT_THAT(heard_, SizeIs(1));
    EXPECT_EQ(std::get<bus::Message>(heard_[0].body).reply_to.native_id, "m7");
}

TEST_F(Tagged, AReactionComesAndGoes) {
    up();
    hear("@msgid=t1;+draft/reply=m7;+draft/react=👍 :alice!a@h TAGMSG #ops");
    hear("@msgid=t2;+draft/reply=m7;+draft/unreact=👍 :alice!a@h TAGMSG #ops");
    hear("@msgid=t3;+typing=active :alice!a@h TAGMSG #ops");
    hear("@msgid=t4;+draft/react=👍 :alice!a@h TAGMSG #ops");
    ASSERT_THAT(heard_, SizeIs(2)) << "typing, and a reaction to nothing, are not events";
    EXPECT_EQ(std::get<bus::Reaction>(heard_[0].body), (bus::Reaction{{{}, "m7"}, "👍", true}));
    EXPECT_EQ(std::get<bus::Reaction>(heard_[1].body), (bus::Reaction{{{}, "m7"}, "👍", false}));
    EXPECT_EQ(heard_[0].origin.native_id, "t1");
}

TEST_F(Tagged, WhatIsTakenBackIsARedaction) {
    up();
    hear(":alice!a@h REDACT #ops m7 :typo");
    hear(":alice!a@h REDACT #elsewhere m7");
    ASSERT_THAT(heard_, SizeIs(1));
    EXPECT_EQ(std::get<bus::Redaction>(heard_[0].body), (bus::Redaction{{{}, "m7"}, "typo"}));
}

TEST_F(Tagged, OurOwnReactionIsAnAnswerAndNotTalk) {
    up();
    hear("@label=parley-1;+draft/reply=m7;+draft/react=👍 :parley!p@h TAGMSG #ops");
    EXPECT_THAT(heard_, IsEmpty());
    EXPECT_THAT(answers_, SizeIs(1));
}

TEST_F(Tagged, RepliesAndReactionsAreNativeOnlyWhereTheirTagsPass) {
    up();
    EXPECT_FALSE(capabilities_of(session_.get()).replies);
    enable("echo-message message-tags");
    EXPECT_TRUE(capabilities_of(session_.get()).replies);
    EXPECT_TRUE(capabilities_of(session_.get()).reactions);
    EXPECT_FALSE(capabilities_of(session_.get()).redactions);
    hear(":s 005 parley CLIENTTAGDENY=*,-draft/reply :are supported");
    EXPECT_TRUE(capabilities_of(session_.get()).replies);
    EXPECT_FALSE(capabilities_of(session_.get()).reactions);
    enable("draft/message-redaction");
    EXPECT_TRUE(capabilities_of(session_.get()).redactions);
    hear(":s CAP parley DEL :message-tags");
    EXPECT_FALSE(capabilities_of(session_.get()).replies);
}

TEST_F(Tagged, WhoDoesNotAskForTagsGetsWords) {
    settings_.client_tags = Settings().client_tags;
    up();
    enable("echo-message message-tags");
    EXPECT_FALSE(capabilities_of(session_.get()).replies);
    EXPECT_FALSE(capabilities_of(session_.get()).reactions);
}

TEST_F(Tagged, ANickNeverSharesItsIdWithAnAccount) {
    up();
    enable("account-tag");
    hear("@account=alice :alice!a@h PRIVMSG #ops :it is me");
    hear(":Alice!evil@h PRIVMSG #ops :me too");
    hear("@account=nick:alice :alice!evil@h PRIVMSG #ops :and me");
    ASSERT_THAT(heard_, SizeIs(3));
    EXPECT_EQ(heard_[0].author.id, "alice");
    EXPECT_EQ(heard_[0].author.strength, bus::Strength::account);
    EXPECT_EQ(heard_[1].author.id, "nick:alice") << "folded, as the server compares";
    EXPECT_EQ(heard_[1].author.strength, bus::Strength::nickname);
    EXPECT_EQ(heard_[2].author.strength, bus::Strength::nickname) << "no account may look like a nick";
}

TEST_F(Tagged, MembersAreKnownByTheSameIds) {
    up();
    heard_.clear();
    hear(":s 353 parley = #ops :@alice parley");
    hear(":bob!b@h JOIN #ops bobby :Bob");
    hear(":alice!a@h KICK #ops carol :out");
    hear(":alice!a@h PART #ops :bye");
    std::vector<std::string> ids;
    for (const auto& event : heard_) ids.push_back(std::get<bus::Membership>(event.body).id);
    EXPECT_THAT(ids, testing::ElementsAre("nick:alice", "bobby", "nick:carol", "nick:alice"));
}

}  // namespace
}  // namespace parley::irc
