// Catching up with draft/chathistory, from a server that we play.
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CatchUp : public Talk {
protected:
    void SetUp() override {
        now_.time = service::parse_iso8601("2026-11-23T12:00:00Z").value();
        up();
        hear(":s 005 parley CHATHISTORY=2 MSGREFTYPES=msgid,timestamp :are supported");
        const std::string all = "batch server-time message-tags draft/chathistory";
        hear(":s CAP parley NEW :" + all);
        hear(":s CAP parley ACK :" + all);
        heard_.clear();
    }
    std::vector<std::string> ask(const std::string& room, const std::string& since) {
        sent_.clear();
        take(session_->catch_up({room, {"x", service::parse_iso8601(since).value()}}, now_));
        return sent_;
    }
    // The server's history reaches back to before.
    std::vector<std::string> reaches(const std::string& room = "#ops") {
        hear(":s BATCH +r chathistory " + room);
        hear("@batch=r;time=2026-11-23T11:00:00.000Z;msgid=old :alice!a@h PRIVMSG " + room + " :old");
        return hear(":s BATCH -r");
    }
    std::vector<std::string> page(const std::vector<std::string>& ids, const std::string& room = "#ops") {
        hear(":s BATCH +p chathistory " + room);
        for (const auto& id : ids)
            hear("@batch=p;time=2026-11-23T11:30:0" + id + ".000Z;msgid=" + id + " :alice!a@h PRIVMSG " + room + " :say " + id);
        return hear(":s BATCH -p");
    }
    std::vector<std::string> said() const {
        std::vector<std::string> out;
        for (const auto& event : heard_) {
            if (const auto* message = std::get_if<bus::Message>(&event.body)) out.push_back(message->text.plain);
            if (const auto* gap = std::get_if<bus::Gap>(&event.body)) out.push_back("gap: " + gap->why);
        }
        return out;
    }
};

TEST(HistoryTokens, TheDraftNameOfTheTokenMeansIdsToo) {
    Isupport draft;
    draft.apply("draft/CHATHISTORY=100");
    EXPECT_EQ(draft.history_limit, 100u);
    EXPECT_TRUE(draft.history_by_id);
    draft.apply("-draft/CHATHISTORY");
    EXPECT_FALSE(draft.history_by_id);
    Isupport times_only;
    times_only.apply("MSGREFTYPES=timestamp");
    times_only.apply("draft/CHATHISTORY=100");
    EXPECT_FALSE(times_only.history_by_id);
}

TEST_F(CatchUp, WhatWasMissedComesBeforeWhatIsSaidMeanwhile) {
    EXPECT_TRUE(session_->keeps_history());
    EXPECT_THAT(ask("#Ops", "2026-11-23T11:00:00Z"), ElementsAre("CHATHISTORY BEFORE #Ops timestamp=2026-11-23T11:00:00.000Z 1"));
    hear("@msgid=9 :bob!b@h PRIVMSG #ops :live");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(reaches(), ElementsAre("CHATHISTORY AFTER #Ops timestamp=2026-11-23T10:59:59.999Z 2"));
    EXPECT_THAT(page({"1", "2"}), ElementsAre("CHATHISTORY AFTER #Ops msgid=2 2")) << "a full page: there may be more";
    hear("@msgid=8 :bob!b@h PRIVMSG #lab :elsewhere");
    page({"3"});
    EXPECT_THAT(said(), ElementsAre("say 1", "say 2", "elsewhere", "say 3", "live"));
    EXPECT_EQ(heard_[0].origin.native_id, "1");
    EXPECT_EQ(service::iso8601(heard_[0].time), "2026-11-23T11:30:01Z");
}

TEST_F(CatchUp, MoreThanTheLimitIsAGap) {
    settings_.history_max = 4;
    ask("#Ops", "2026-11-23T11:00:00Z");
    reaches();
    page({"1", "2"});
    EXPECT_THAT(page({"3", "4"}), IsEmpty());
    EXPECT_THAT(said(), ElementsAre("say 1", "say 2", "say 3", "say 4", "gap: more than 4 messages were missed"));
    const auto& gap = std::get<bus::Gap>(heard_.back().body);
    EXPECT_EQ(service::iso8601(gap.from), "2026-11-23T11:30:04Z");
    EXPECT_EQ(service::iso8601(gap.to), "2026-11-23T12:00:00Z");
}

TEST_F(CatchUp, WhatIsOlderThanTheLimitIsAGap) {
    settings_.history_age = std::chrono::hours(1);
    EXPECT_THAT(ask("#Ops", "2026-11-22T11:00:00Z"), ElementsAre(HasSubstr("timestamp=2026-11-23T11:00:00.000Z 1")));
    ASSERT_THAT(said(), SizeIs(1));
    EXPECT_THAT(said()[0], HasSubstr("longer ago"));
}

TEST_F(CatchUp, AHistoryThatBeginsLaterIsAGap) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear(":s BATCH +r chathistory #ops");
    hear(":s BATCH -r");
    page({"1"});
    ASSERT_THAT(said(), SizeIs(2));
    EXPECT_THAT(said()[0], HasSubstr("does not go back that far"));
    EXPECT_EQ(said()[1], "say 1");
}

// Nothing is older than what we have: then that itself must be there, since of the same millisecond may be what came after it.
TEST_F(CatchUp, AHistoryThatBeginsWithWhatWeHaveIsWhole) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear(":s BATCH +r chathistory #ops");
    hear(":s BATCH -r");
    hear(":s BATCH +p chathistory #ops");
    hear("@batch=p;time=2026-11-23T11:00:00.000Z;msgid=x :alice!a@h PRIVMSG #ops :what we have");
    hear("@batch=p;time=2026-11-23T11:30:00.000Z;msgid=2 :alice!a@h PRIVMSG #ops :new");
    hear(":s BATCH -p");
    page({});
    EXPECT_THAT(said(), ElementsAre("what we have", "new"));
}

TEST_F(CatchUp, AHistoryThatBeginsInTheSameMillisecondIsAGap) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear(":s BATCH +r chathistory #ops");
    hear(":s BATCH -r");
    hear(":s BATCH +p chathistory #ops");
    hear("@batch=p;time=2026-11-23T11:00:00.000Z;msgid=1 :alice!a@h PRIVMSG #ops :a moment later");
    hear("@batch=p;time=2026-11-23T11:30:00.000Z;msgid=2 :alice!a@h PRIVMSG #ops :new");
    hear(":s BATCH -p");
    page({});
    ASSERT_THAT(said(), ElementsAre("a moment later", HasSubstr("does not go back that far"), "new"));
    const auto& gap = std::get<bus::Gap>(heard_[1].body);
    EXPECT_EQ(service::iso8601(gap.to), "2026-11-23T11:30:00Z") << "what is missing ends where the history begins";
}

TEST_F(CatchUp, AServerThatRefusesOrIsSilentMakesAGapAndHoldsNothingBack) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear("@msgid=9 :bob!b@h PRIVMSG #ops :live");
    hear(":s FAIL CHATHISTORY MESSAGE_ERROR BEFORE #ops :disk on fire");
    EXPECT_THAT(said(), ElementsAre(HasSubstr("disk on fire"), "live"));
    heard_.clear();
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear("@msgid=10 :bob!b@h PRIVMSG #ops :live again");
    ASSERT_TRUE(session_->due());
    now_.steady = *session_->due();
    tick();
    EXPECT_THAT(said(), ElementsAre(HasSubstr("does not answer"), "live again"));
}

TEST_F(CatchUp, RoomsAreAskedForOneAfterAnother) {
    hear(":parley!p@h JOIN #lab");
    EXPECT_THAT(ask("#Ops", "2026-11-23T11:00:00Z"), SizeIs(1));
    EXPECT_THAT(ask("#lab", "2026-11-23T11:00:00Z"), IsEmpty());
    hear("@msgid=9 :bob!b@h PRIVMSG #lab :live");
    reaches();
    EXPECT_THAT(page({"1"}), ElementsAre("CHATHISTORY BEFORE #lab timestamp=2026-11-23T11:00:00.000Z 1"));
    reaches("#lab");
    page({"2"}, "#lab");
    EXPECT_THAT(said(), ElementsAre("say 1", "say 2", "live"));
}

TEST_F(CatchUp, ARoomThatWeAreThrownOutOfIsAskedForAnewWhenWeAreBack) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    hear("@msgid=9 :bob!b@h PRIVMSG #ops :live");
    hear(":bob!b@h KICK #ops parley :out");
    reaches();
    EXPECT_THAT(said(), IsEmpty()) << "what waited comes with the next catching up, or the record would begin behind it";
    EXPECT_THAT(ask("#Ops", "2026-11-23T11:00:00Z"), SizeIs(1));
    reaches();
    page({"1"});
    EXPECT_THAT(said(), ElementsAre("say 1"));
}

TEST_F(CatchUp, ComingsAndGoingsOfLongAgoChangeNothing) {
    ask("#Ops", "2026-11-23T11:00:00Z");
    reaches();
    hear(":s BATCH +p chathistory #ops");
    hear("@batch=p;msgid=1 :parley!p@h PART #ops :long ago");
    hear("@batch=p;msgid=2 :op!o@h KICK #ops parley :long ago");
    hear("@batch=p;msgid=3 :parley!p@h NICK other");
    EXPECT_THAT(rooms_, ElementsAre("+#Ops"));
    EXPECT_EQ(session_->nick(), "parley");
}

TEST_F(CatchUp, StrayBatchesAreHarmless) {
    for (const auto* odd : {":s BATCH", ":s BATCH +", ":s BATCH -x", ":s BATCH +a chathistory", "@batch=a :x!y@z PRIVMSG #ops :hi", ":s FAIL CHATHISTORY"})
        hear(odd);
    ask("#Ops", "2026-11-23T11:00:00Z");
    for (int i = 0; i < 1000; ++i) hear(":s BATCH +q" + std::to_string(i) + " chathistory #elsewhere");
    hear(":s BATCH +n netjoin a b");
    EXPECT_TRUE(session_->up());
}

}  // namespace
}  // namespace parley::irc
