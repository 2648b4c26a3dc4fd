// What is said here is heard there, whatever dies between.
#include "tests/unit/kit/bridged.h"

namespace parley::kit {
namespace {

TEST_F(Bridged, SaysThereWhatIsSaidHere) {
    a.platform->say("1", "hello");
    a.platform->say("2", "world");
    hears(b, "<bob> world");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> world"));
    EXPECT_THAT(a.platform->heard, IsEmpty());
}

TEST_F(Bridged, SaysOnceWhatIsSeenTwice) {
    a.platform->say("1", "hello");
    a.platform->say("1", "hello");
    a.platform->say("2", "end");
    hears(b, "<bob> end");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> end"));
}

TEST_F(Bridged, DropsTheEchoOfWhatItSaid) {
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    until([&] { return b.bridge->status()["outbox"].number() == 0; }, "the answer");
    b.platform->say("over-there-1", "<bob> hello");
    b.platform->say("x", "end");
    hears(a, "<bob> end");
    EXPECT_THAT(a.platform->heard, ElementsAre("<bob> end"));
}

TEST_F(Bridged, FindsTheMessageOfAnEditAReplyAndAReaction) {
    a.platform->say("1", "lunch at noon?");
    a.platform->happens("2", bus::Edit{{{}, "1"}, 1, "lunch at one?"});
    until([&] { return b.platform->deliveries.size() == 2; }, "the correction");
    EXPECT_EQ(std::get<Correct>(b.platform->deliveries.at(1).what).native_id, "over-there-1");

    bus::Message yes{"yes"};
    yes.reply_to.native_id = "over-there-1";
    b.platform->happens("3", yes);
    until([&] { return a.platform->deliveries.size() == 1; }, "the reply");
    EXPECT_EQ(std::get<Say>(a.platform->deliveries.at(0).what).reply_to, "1");

    b.platform->happens("4", bus::Reaction{{{}, "over-there-1"}, "👍", true});
    until([&] { return a.platform->deliveries.size() == 2; }, "the reaction");
    const auto& react = std::get<React>(a.platform->deliveries.at(1).what);
    EXPECT_EQ(react.native_id, "1");
    EXPECT_THAT(react.emojis, ElementsAre("👍"));
}

TEST_F(Bridged, KeepsWhatIsSaidWhileTheBrokerIsAway) {
    a.platform->say("1", "before");
    hears(b, "<bob> before");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's word that it has it");
    broker.reset();
    a.platform->say("2", "meanwhile");
    a.platform->say("3", "still");
    EXPECT_EQ(a.bridge->status()["spool"].number(), 2);
    start_broker();
    hears(b, "<bob> still");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> before", "<bob> meanwhile", "<bob> still"));
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "an empty spool");
}

TEST_F(Bridged, SaysAfterARestartWhatItHadNotSaid) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    b.bridge.reset();
    a.platform->say("2", "meanwhile");
    start(b);
    hears(b, "<bob> meanwhile");
    ASSERT_EQ(b.platform->deliveries.size(), 2u);
    EXPECT_TRUE(b.platform->deliveries[0].in_doubt);
    EXPECT_FALSE(b.platform->deliveries[1].in_doubt);
}

TEST_F(Bridged, PublishesAfterARestartWhatTheSpoolKept) {
    broker.reset();
    a.platform->say("1", "kept");
    a.bridge.reset();
    start_broker();
    start(a);
    until([&] { return b.platform->heard.size() == 2; }, "what was kept, and the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> kept", HasSubstr("the bridge was away")));
}

TEST_F(Bridged, WaitsForTheLinkAndSaysItAgainInDoubt) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    b.platform->go();
    a.platform->say("2", "more");
    until([&] { return b.bridge->status()["outbox"].number() == 2; }, "the outbox");
    EXPECT_EQ(b.platform->heard.size(), 1u);
    b.platform->answers = true;
    b.platform->come();
    hears(b, "<bob> more");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> hello", "<bob> more"));
    EXPECT_TRUE(b.platform->deliveries[1].in_doubt);
    until([&] { return b.bridge->status()["outbox"].number() == 0; }, "an empty outbox");
}

TEST_F(Bridged, FindsTheMessageOfAReactionThatComesRightBehindItsNativeId) {
    b.platform->right_behind = [&] { b.platform->happens("r", bus::Reaction{{{}, "over-there-1"}, "👍", true}); };
    a.platform->say("1", "hello");
    until([&] { return !a.platform->deliveries.empty(); }, "the reaction");
    const auto* reaction = std::get_if<React>(&a.platform->deliveries[0].what);
    ASSERT_NE(reaction, nullptr);
    EXPECT_EQ(reaction->native_id, "1");
}

TEST_F(Bridged, FindsTheMessageOfAReactionThatIsHeardBeforeItIsSaidAgain) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    b.platform->go();
    // The room shows both in its history, before anything is said in it again.
    b.platform->show(b.platform->deliveries[0].id, "over-there");
    b.platform->happens("r", bus::Reaction{{{}, "over-there"}, "👍", true});
    until([&] { return !a.platform->deliveries.empty(); }, "the reaction");
    const auto* reaction = std::get_if<React>(&a.platform->deliveries[0].what);
    ASSERT_NE(reaction, nullptr);
    EXPECT_EQ(reaction->native_id, "1");
    EXPECT_EQ(b.bridge->status()["outbox"].number(), 1) << "it is answered when it was asked for again";
}

TEST_F(Bridged, CutsWhatIsSaidAgainAsItDidFirst) {
    b.platform->has_no_replies();
    a.platform->say("1", "lunch?");
    hears(b, "<bob> lunch?");
    b.platform->silent_from = 1;
    std::string words;
    for (int i = 100; i < 350; ++i) words += std::to_string(i) + ' ';
    bus::Message reply{words};
    reply.reply_to.native_id = "1";
    a.platform->happens("2", reply);
    until([&] { return b.platform->deliveries.size() == 4; }, "three parts");
    b.platform->go();
    a.platform->happens("3", bus::Edit{{{}, "1"}, 1, "lunch at noon, in the park if the sun is out, else at the usual place?"});
    until([&] { return b.bridge->status()["outbox"].number() == 2; }, "the correction");
    b.platform->takes_at_most(300);
    const auto before = b.platform->heard;
    ASSERT_THAT(before[1], ::testing::StartsWith("<bob> bob: > lunch? — 100 "));
    b.platform->silent_from = ~0U;
    b.platform->come();
    until([&] { return b.bridge->status()["outbox"].number() == 0; }, "an empty outbox");
    ASSERT_GE(b.platform->heard.size(), 6U);
    EXPECT_EQ(b.platform->heard[4], before[2]);
    EXPECT_EQ(b.platform->heard[5], before[3]);
    EXPECT_EQ(b.platform->deliveries[4].id.part, 1U);
}

TEST_F(Bridged, GivesNothingATimeBeforeWhatWasToldBefore) {
    std::vector<std::int64_t> seconds;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::message};
    asker->follow(options, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(followed.event.time - clock.now()).count());
    });
    const auto say_of = [&](const std::string& id, std::chrono::seconds ago) {
        bus::Event event;
        event.origin.room.room = "room";
        event.origin.native_id = id;
        event.author = {"bob@here", "bob", bus::Strength::account, false, ""};
        event.time = clock.now() - ago;
        event.body = bus::Message{id};
        a.platform->hears(std::move(event));
    };
    say_of("late", 10s);
    say_of("from the history", 20s);
    say_of("of a wrong clock", 3600s);
    say_of("of the future", -60s);
    say_of("now", 1s);
    until([&] { return seconds.size() == 5; }, "all");
    EXPECT_NEAR(static_cast<double>(seconds[0]), -10, 1);
    EXPECT_NEAR(static_cast<double>(seconds[1]), -10, 1);
    EXPECT_NEAR(static_cast<double>(seconds[2]), -3600, 1);
    EXPECT_NEAR(static_cast<double>(seconds[3]), 60, 1);
    EXPECT_NEAR(static_cast<double>(seconds[4]), 0, 1);
}

TEST_F(Bridged, TellsThePlatformWhatAnEarlierProcessMayHaveSaid) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    const auto id = b.platform->deliveries[0].id;
    b.bridge.reset();
    start(b);
    ASSERT_FALSE(b.platform->doubts.empty());
    EXPECT_EQ(b.platform->doubts[0], id);
    a.bridge.reset();
    start(a);
    EXPECT_TRUE(a.platform->doubts.empty());
}

TEST_F(Bridged, TellsTheJournalWhatBecameOfADelivery) {
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::now;
    options.filter.kinds = {bus::Kind::receipt};
    std::vector<bus::Receipt> receipts;
    asker->follow(options, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) receipts.push_back(std::get<bus::Receipt>(followed.event.body));
    });
    a.platform->say("1", "hello");
    until([&] { return receipts.size() == 1; }, "the receipt");
    EXPECT_THAT(receipts[0].native_ids, ElementsAre("over-there-1"));
    b.platform->refusing = "you are muted";
    a.platform->say("2", "hello?");
    until([&] { return receipts.size() == 2; }, "the refusal");
    EXPECT_THAT(receipts[1].refusal, HasSubstr("you are muted"));
    EXPECT_THAT(receipts[1].native_ids, IsEmpty());
}

TEST_F(Bridged, TellsTheJournalHowOftenAndWhenItWasSaid) {
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::now;
    options.filter.kinds = {bus::Kind::receipt};
    std::vector<bus::Receipt> receipts;
    asker->follow(options, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events)  // not those for the marker of the absence, which is said on the other side
            if (followed.event.origin.room.account == "b") receipts.push_back(std::get<bus::Receipt>(followed.event.body));
    });
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    clock.ahead += 5s;
    b.platform->go();
    b.platform->answers = true;
    b.platform->come();
    until([&] { return receipts.size() == 1; }, "the receipt");
    EXPECT_EQ(receipts[0].passage.attempts, 2U);
    EXPECT_GE(receipts[0].passage.waited, 5s);
    EXPECT_LT(receipts[0].passage.answered, 1s);
}

TEST_F(Bridged, AsksAfterARestartForARefusedPartAgainIfItHadNotToldOfItYet) {
    b.platform->refusing = "not today";
    b.platform->refuses_from = 1;
    b.platform->silent_from = 2;
    a.platform->say("1", std::string(1000, 'x'));
    until([&] { return b.platform->deliveries.size() == 3; }, "three parts");
    a.platform->say("2", "next");
    hears(b, "<bob> next");
    until([&] { return b.bridge->status()["outbox"].number() == 1; }, "what became of both is written down");
    b.bridge.reset();
    start(b);
    until([&] { return b.platform->deliveries.size() >= 2 && b.bridge->status()["outbox"].number() == 0; }, "the rest");
    ASSERT_EQ(b.platform->deliveries.size(), 2U);
    EXPECT_EQ(b.platform->deliveries[0].id.part, 1U);
    EXPECT_EQ(b.platform->deliveries[1].id.part, 2U);
}

TEST_F(Bridged, MarksWhatItCouldNotKeep) {
    a.bridge.reset();
    a.spool_bytes_max = 1200;
    a.held_bytes_max = 0;
    start(a);
    broker.reset();
    for (int i = 0; i < 20; ++i) a.platform->say(std::to_string(i), std::string(50, 'x'));
    const auto kept = a.bridge->status()["spool"].number();
    EXPECT_GT(kept, 0);
    EXPECT_LT(kept, 20);
    start_broker();
    until([&] { return b.platform->heard.size() == static_cast<std::size_t>(kept) + 1; }, "the marker");
    EXPECT_THAT(b.platform->heard.back(), HasSubstr("is not available: the broker was away for too long"));
}

TEST_F(Bridged, HoldsThePlatformWhileItsSpoolIsFullAndLosesNothing) {
    a.bridge.reset();
    a.spool_bytes_max = 1200;
    start(a);
    broker.reset();
    std::vector<std::string> wanted;
    for (int i = 0; i < 20; ++i) {
        a.platform->say(std::to_string(i), "line " + std::to_string(i));
        wanted.push_back("<bob> line " + std::to_string(i));
    }
    until([&] { return !a.platform->holds.empty(); }, "the hold");
    EXPECT_THAT(a.platform->holds, ElementsAre(true));
    EXPECT_THAT(a.bridge->status()["trouble"].text(), HasSubstr("start the broker"));
    start_broker();
    until([&] { return a.platform->holds.size() == 2; }, "the end of the hold");
    EXPECT_THAT(a.platform->holds, ElementsAre(true, false));
    EXPECT_EQ(a.bridge->status()["trouble"].text(), "");
    hears(b, wanted.back());
    ASSERT_THAT(b.platform->heard.front(), HasSubstr("the bridge was away"));  // it was started anew
    b.platform->heard.erase(b.platform->heard.begin());
    EXPECT_THAT(b.platform->heard, ::testing::ElementsAreArray(wanted));
}

TEST_F(Bridged, MarksWhatItHeldWhenItDied) {
    a.bridge.reset();
    a.spool_bytes_max = 100;
    start(a);
    broker.reset();
    a.platform->say("1", std::string(200, 'x'));
    until([&] { return !a.platform->holds.empty(); }, "the hold");
    clock.ahead += std::chrono::seconds(60);
    a.bridge.reset();  // with what it had in memory only
    a.spool_bytes_max = 1 << 20;
    start_broker();
    start(a);
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, AnswersForItsHealth) {
    std::optional<bus::Value> status;
    asker->query("account.a", "status", bus::Value::map({}).encode(), 2s, [&](service::Result<std::string> reply) {
        if (reply) status = *bus::Value::decode(*reply);
    });
    until([&] { return status.has_value(); }, "the account's status");
    EXPECT_EQ((*status)["link"].text(), "up");
    EXPECT_EQ((*status)["rooms"].list().at(0)["room"].text(), "room");
    EXPECT_TRUE((*status)["rooms"].list().at(0)["joined"].boolean());
}

}  // namespace
}  // namespace parley::kit
