// The state machine, in conversation with a server that we play.
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Talk, RegistersAndJoinsOnceTheGreetingIsOver) {
    start();
    EXPECT_THAT(sent_, ElementsAre("CAP LS 302", "NICK parley", "USER parley 0 * Parley"));
    EXPECT_THAT(hear(":s CAP * LS * :batch away-notify"), IsEmpty());
    EXPECT_THAT(hear(":s CAP * LS :echo-message sasl=PLAIN"), ElementsAre("CAP REQ :batch echo-message"));
    EXPECT_THAT(hear(":s CAP * ACK :batch echo-message"), ElementsAre("CAP END"));
    hear(":s 001 parley :hi");
    EXPECT_THAT(hear(":s 422 parley :no motd"), ElementsAre("JOIN #lab,#Ops"));
    hear(":parley!p@h JOIN #OPS");
    EXPECT_THAT(rooms_, ElementsAre("+#Ops"));
}

TEST_F(Talk, SaslPlainComesBeforeTheEndOfNegotiation) {
    settings_.sasl = {"PLAIN", "jilles", "sesame"};
    start();
    hear(":s CAP * LS :sasl=PLAIN,EXTERNAL");
    EXPECT_THAT(hear(":s CAP * ACK :sasl"), ElementsAre("AUTHENTICATE PLAIN"));
    EXPECT_THAT(hear("AUTHENTICATE +"), ElementsAre("AUTHENTICATE amlsbGVzAGppbGxlcwBzZXNhbWU="));
    EXPECT_THAT(hear(":s 903 parley :ok"), ElementsAre("CAP END"));
}

TEST_F(Talk, SaslExternalSendsAnEmptyAnswer) {
    settings_.sasl = {"EXTERNAL", "", ""};
    start();
    hear(":s CAP * LS :sasl");
    EXPECT_THAT(hear(":s CAP * ACK :sasl"), ElementsAre("AUTHENTICATE EXTERNAL"));
    EXPECT_THAT(hear("AUTHENTICATE +"), ElementsAre("AUTHENTICATE +"));
}

TEST_F(Talk, AFailedSignInEndsTheLinkUnlessNickServCanHelp) {
    settings_.sasl = {"PLAIN", "jilles", "wrong"};
    start();
    hear(":s CAP * LS :sasl");
    hear(":s CAP * ACK :sasl");
    EXPECT_THAT(hear(":s 904 parley :SASL authentication failed"), IsEmpty());
    EXPECT_THAT(failures_, ElementsAre(HasSubstr("signing in as jilles failed")));
    settings_.nickserv_password = "sesame";
    start();
    EXPECT_THAT(hear(":s CAP * LS :batch"), ElementsAre("CAP REQ batch"));
    EXPECT_THAT(hear(":s CAP * ACK :batch"), ElementsAre("CAP END"));
    hear(":s 001 parley :hi");
    EXPECT_THAT(hear(":s 376 parley :end"), Contains("PRIVMSG NickServ :IDENTIFY sesame"));
}

TEST_F(Talk, ASignInThatIsNeverAnsweredEnds) {
    settings_.sasl = {"PLAIN", "jilles", "sesame"};
    start();
    hear(":s CAP * LS :sasl");
    hear(":s CAP * ACK :sasl");
    ASSERT_TRUE(session_->due());
    EXPECT_THAT(tick(), IsEmpty());
    EXPECT_THAT(failures_, IsEmpty());
    now_.steady = *session_->due();
    tick();
    EXPECT_THAT(failures_, ElementsAre("the server offers SASL but does not answer it"));
}

TEST_F(Talk, RefusedCapabilitiesAreAskedForOneByOne) {
    start();
    hear(":s CAP * LS :batch setname");
    EXPECT_THAT(hear(":s CAP * NAK :batch setname"), ElementsAre("CAP REQ batch", "CAP REQ setname"));
    EXPECT_THAT(hear(":s CAP * NAK :setname"), IsEmpty());
    EXPECT_THAT(hear(":s CAP * ACK :batch"), ElementsAre("CAP END"));
    EXPECT_TRUE(session_->has("batch"));
    hear(":s CAP parley DEL :batch");
    EXPECT_FALSE(session_->has("batch"));
    EXPECT_THAT(hear(":s CAP parley NEW :echo-message"), ElementsAre("CAP REQ echo-message"));
}

TEST_F(Talk, TakenNicksAreTriedUpToALimit) {
    start();
    EXPECT_THAT(hear(":s 433 * parley :in use"), ElementsAre("NICK parley_"));
    EXPECT_THAT(hear(":s 433 * parley_ :in use"), ElementsAre("NICK parley__"));
    EXPECT_THAT(hear(":s 433 * parley__ :in use"), ElementsAre("NICK parley_2"));
    for (int i = 0; i < 8; ++i) hear(":s 433 * x :in use");
    EXPECT_THAT(failures_, ElementsAre(HasSubstr("every nick like parley is taken")));
}

TEST_F(Talk, TheWantedNickIsRegainedAsSoonAsItIsFree) {
    start();
    hear(":s 433 * parley :in use");
    hear(":s 001 parley_ :hi");
    hear(":s 376 parley_ :end");
    EXPECT_THAT(hear(":parley!x@y QUIT :bye"), ElementsAre("NICK parley"));
    hear(":parley_!p@h NICK parley");
    EXPECT_EQ(session_->nick(), "parley");
    EXPECT_FALSE(session_->due());
}

TEST_F(Talk, AKickIsFollowedByAJoinAfterAWaitThatGrows) {
    up();
    hear(":op!o@h KICK #ops parley :out");
    EXPECT_EQ(rooms_.back(), "-#Ops");
    EXPECT_THAT(tick(), IsEmpty());
    now_.steady += settings_.rejoin_after;
    EXPECT_THAT(tick(), ElementsAre("JOIN #Ops"));
    hear(":s 474 parley #Ops :banned");
    now_.steady += settings_.rejoin_after;
    EXPECT_THAT(tick(), IsEmpty()) << "the second wait is longer";
    now_.steady += settings_.rejoin_after;
    EXPECT_THAT(tick(), ElementsAre("JOIN #Ops"));
}

TEST_F(Talk, ANetsplitIsALeaveInEachRoom) {
    up();
    hear(":parley!p@h JOIN #lab");
    hear(":s 353 parley = #ops :@alice bob parley");
    hear(":s 353 parley = #lab :+alice");
    heard_.clear();
    hear(":alice!a@h QUIT :a.net b.net");
    ASSERT_EQ(heard_.size(), 2u);
    for (const auto& event : heard_) EXPECT_EQ(std::get<bus::Membership>(event.body).change, bus::Membership::Change::leave);
}

TEST_F(Talk, AnAccountTagIsBelievedOnlyIfTheServerPromisedIt) {
    up();
    hear("@account=root :mallory!m@h PRIVMSG #ops :hi");
    EXPECT_EQ(heard_.back().author.strength, bus::Strength::nickname);
    hear(":s CAP parley NEW :account-tag");
    hear(":s CAP parley ACK :account-tag");
    hear("@account=alice;msgid=x1;time=2026-11-23T09:36:00.5Z :al!m@h PRIVMSG #ops :hi");
    EXPECT_EQ(heard_.back().author, (bus::Author{"alice", "al", bus::Strength::account, false, ""}));
    EXPECT_EQ(heard_.back().origin.native_id, "x1");
    EXPECT_EQ(service::iso8601(heard_.back().time), "2026-11-23T09:36:00.500000Z");
}

TEST_F(Talk, CtcpIsAnsweredAFewTimesOnly) {
    up();
    int answers = 0;
    for (int i = 0; i < 20; ++i) answers += static_cast<int>(hear(":a!b@c PRIVMSG parley :\1VERSION\1").size());
    EXPECT_EQ(answers, 3);
    EXPECT_THAT(hear(":a!b@c NOTICE parley :\1PING 1\1"), IsEmpty());
    EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(Talk, TheRoomForTextCountsThePrefixThatOthersSee) {
    up();
    // ":parley!p@h PRIVMSG #ops :" + text + CR LF is 512
    EXPECT_EQ(session_->text_max(4), 512u - 2 - std::string(":parley!p@h PRIVMSG #ops :").size());
}

TEST_F(Talk, WhatNobodySaysIsNotHeard) {
    up();
    heard_.clear();
    for (const auto* odd : {":!a@h PRIVMSG #ops :hi", ":!a@h PRIVMSG parley :hi", ":!a@h JOIN #ops", ":!a@h TOPIC #ops :x"}) hear(odd);
    EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(Talk, StrayLinesAreHarmless) {
    up();
    for (const auto* odd : {"JOIN", ":x JOIN", ":parley!p@h JOIN", ":a!b@c KICK", ":a!b@c NICK", "CAP", "CAP * LS", "AUTHENTICATE", "005",
                            "353", "433", "474", "NOTICE", ":a!b@c PRIVMSG #ops", "PING", "BATCH", ":a!b@c MODE #ops +o"})
        hear(odd);
    EXPECT_TRUE(session_->up());
}

TEST_F(Talk, WhatAnEarlierConnectionOfOursStillSaysIsNobodysTalk) {
    start();
    hear(":s 433 * parley :in use");
    hear(":s 001 parley_ :hi");
    hear(":s 376 parley_ :end");
    hear(":parley_!p@h JOIN #ops");
    hear(":parley!p@h PRIVMSG #ops :<alice> I was on my way");
    hear(":parley__!p@h NOTICE #ops :alice removed a message");
    EXPECT_THAT(heard_, ::testing::IsEmpty());
    EXPECT_THAT(answers_, ::testing::IsEmpty());
    hear(":parley!p@elsewhere PRIVMSG #ops :who took your nick");
    hear(":parleyman!p@h PRIVMSG #ops :who lives with you");
    ASSERT_EQ(heard_.size(), 2U);
    EXPECT_EQ(std::get<bus::Message>(heard_[0].body).text.plain, "who took your nick");
}

}  // namespace
}  // namespace parley::irc
