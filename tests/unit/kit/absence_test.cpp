// What a bridge says of the time in which it was not there, and of what it may have said already.
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/kit/bridged.h"

namespace parley::kit {
namespace {

TEST_F(Bridged, DoubtsAfterAPowerCutWhatTheJournalHasAlready) {
    b.bridge.reset();
    a.platform->say("1", "perhaps");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's answer");
    b.boot = "another";
    start(b);
    hears(b, "<bob> perhaps");
    EXPECT_TRUE(b.platform->deliveries.back().in_doubt);
    a.platform->say("2", "certainly");
    hears(b, "<bob> certainly");
    EXPECT_FALSE(b.platform->deliveries.back().in_doubt);
}

TEST_F(Bridged, DoubtsAfterAPowerCutThoughItIsToldToStopBeforeTheBrokerIsThere) {
    b.bridge.reset();
    a.platform->say("1", "perhaps");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's answer");
    broker.reset();
    b.boot = "another";
    start(b);
    b.bridge->stop();
    b.bridge.reset();
    start_broker();
    start(b);
    hears(b, "<bob> perhaps");
    EXPECT_TRUE(b.platform->deliveries.back().in_doubt);
}

// The system's limit on a file's length stands for a full disk.
TEST_F(Bridged, DoubtsAfterAPowerCutWhatWaitsThoughTheDiskIsFullThen) {
    b.platform->go();
    a.platform->say("1", "perhaps");
    until([&] { return b.bridge->status()["outbox"].number() == 1; }, "a message that waits");
    b.bridge.reset();
    b.boot = "another";
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    start(b, [&](StrawPlatform&) {
        const rlimit none{0, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    });
    const auto failed_again = clock.real.steady() + 1500ms;
    until([&] { return clock.real.steady() > failed_again; }, "that it could not be written, twice");
    ::setrlimit(RLIMIT_FSIZE, &before);
    hears(b, "<bob> perhaps");
    EXPECT_TRUE(b.platform->deliveries.back().in_doubt);
}

TEST_F(Bridged, DoubtsNothingAfterAStartOfTheSystemIfItWasToldToStop) {
    b.bridge->stop();
    b.bridge.reset();
    a.platform->say("1", "once");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's answer");
    b.boot = "another";
    start(b);
    hears(b, "<bob> once");
    EXPECT_FALSE(b.platform->deliveries.back().in_doubt);
}

TEST_F(Bridged, MarksTheTimeThatItWasAway) {
    a.platform->go();
    clock.ahead += std::chrono::seconds(120);
    a.platform->come();
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, MarksWhatThePlatformCouldNotFetchButNoTimeWhenItWasThere) {
    const auto there_until = clock.now();
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now() + 60s, "the archive has lost it"});
    until([&] { return b.platform->deliveries.size() == 1; }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the archive has lost it")));
    std::optional<bus::Gap> marked;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::gap};
    asker->follow(options, [&](std::vector<bus::Followed> events) { marked = std::get<bus::Gap>(events.at(0).event.body); });
    until([&] { return marked.has_value(); }, "the gap");
    EXPECT_GE(marked->from, there_until - 60s);
}

TEST_F(Bridged, MarksTheWholeAbsenceWhereThePlatformKnowsLaterWhatItCannotFetch) {
    watch_gaps();
    a.platform->keeps_history();
    a.platform->go();
    const auto there_until = clock.now();
    clock.ahead += std::chrono::seconds(120);
    a.platform->come();
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now() - 12h, "when we were there nothing was missed"});
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now(), "the server keeps only a minute"});
    until([&] { return !gaps.empty(); }, "the gap");
    EXPECT_EQ(gaps[0].why, "the server keeps only a minute");
    EXPECT_LE(gaps[0].from, there_until);
    EXPECT_GE(gaps[0].from, there_until - 60s);
}

TEST_F(Bridged, MarksTheWholeAbsenceThoughItIsToldToStopBeforeThereIsRoomForTheMark) {
    watch_gaps();
    const auto there_until = clock.now();
    a.bridge.reset();
    clock.ahead += std::chrono::seconds(60);
    a.spool_bytes_max = 10;
    start(a);
    until([&] { return !a.platform->holds.empty(); }, "the hold");
    a.bridge->stop();
    a.bridge.reset();
    a.spool_bytes_max = 1 << 20;
    start(a);
    until([&] { return !gaps.empty(); }, "the mark");
    EXPECT_LE(gaps[0].from, there_until);
}

TEST_F(Bridged, MarksAlsoTheTimeInWhichADeadLinkLookedLikeAQuietRoom) {
    std::optional<bus::Gap> marked;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::gap};
    asker->follow(options, [&](std::vector<bus::Followed> events) { marked = std::get<bus::Gap>(events.at(0).event.body); });
    const auto heard_at = clock.now();
    clock.ahead += std::chrono::seconds(120);
    a.platform->silent = std::chrono::seconds(120);
    a.platform->go();
    a.platform->come();
    until([&] { return marked.has_value(); }, "the gap");
    EXPECT_GE(marked->from, heard_at);
    EXPECT_LT(marked->from, heard_at + 60s);
}

TEST_F(Bridged, AsksForHistoryFromThereWhereNobodyHasSpokenYetHoweverOftenItComesBack) {
    a.platform->keeps_history();
    a.platform->go();
    a.platform->come();
    ASSERT_TRUE(a.bridge->last_seen("room"));
    const auto first = a.bridge->last_seen("room")->time;
    clock.ahead += std::chrono::seconds(120);
    a.platform->go();
    a.platform->come();  // the history is not read this time either
    EXPECT_EQ(a.bridge->last_seen("room")->time, first);
}

TEST_F(Bridged, AsksForHistoryFromWhatWasSaidLastWhoeverCameAfterwards) {
    a.platform->say("m1", "hello");
    hears(b, "<bob> hello");
    a.platform->happens("who-1", bus::Membership{bus::Membership::Change::join, "eve", "eve", {}, {}});
    a.platform->happens("r1", bus::Reaction{{{}, "m1"}, "+", true});
    until([&] { return b.platform->deliveries.size() == 2 && a.bridge->status()["spool"].number() == 0; }, "the reaction");
    ASSERT_TRUE(a.bridge->last_seen("room"));
    EXPECT_EQ(a.bridge->last_seen("room")->native_id, "m1");
}

TEST_F(Bridged, MarksAlsoAMomentThatItWasAway) {
    a.platform->go();
    a.platform->come();
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, MarksASecondAbsenceThoughItDiedBeforeTheFirstReturnWasNoted) {
    a.platform->go();
    a.platform->come();
    until([&] { return b.platform->heard.size() == 1; }, "the first marker");
    a.bridge.reset();
    clock.ahead += std::chrono::seconds(60);
    start(a);
    until([&] { return b.platform->heard.size() == 2; }, "the second marker");
    EXPECT_THAT(b.platform->heard, ::testing::Each(HasSubstr("on a/room is not available: the bridge was away")));
}

}  // namespace
}  // namespace parley::kit
