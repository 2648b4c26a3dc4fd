// Servers and links that go away, and absences: what was said meanwhile comes, once and in order, or is marked.
#include "tests/contract/xmpp/fixture.h"
#include "tests/support/proxy.h"
#include "tests/support/slowdown.h"

namespace parley::xmpp {
namespace {

TEST_F(Xmpp, AKilledServerIsFoundAgainAndWhatWasSaidMeanwhileIsFetched) {
    start();
    enter("alice").say(ops, "before");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("before"); }));
    clients.clear();
    server->kill();
    ASSERT_TRUE(bridge->until([&] { return bridge->host.links.back() == kit::Link::down; }));
    EXPECT_FALSE(bridge->host.joined[ops]);
    server->start();
    enter("alice").say(ops, "meanwhile");
    ASSERT_TRUE(clients.back().hears("meanwhile"));
    ASSERT_TRUE(bridge->joins(ops, 30s));
    EXPECT_TRUE(bridge->until([&] { return bridge->host.message("meanwhile"); }));
}

TEST_F(Xmpp, ALongAbsenceIsReadFromTheRoomsArchiveInOrderAndWhole) {
    constexpr int count = 250;  // several pages, and more than a room's history holds
    start();
    auto& alice = enter("alice");
    alice.say(ops, "before");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("before"); }));
    const auto seen = bridge->host.seen;
    bridge.reset();
    for (int i = 0; i < count; ++i) alice.say(ops, "missed " + std::to_string(i));
    ASSERT_TRUE(alice.hears("missed " + std::to_string(count - 1)));
    bridge.emplace(settings, std::vector{ops}, folder());
    bridge->host.seen = seen;
    bridge->platform.connect();
    ASSERT_TRUE(bridge->joins(ops));
    std::vector<std::string> told, wanted;
    for (const auto& e : bridge->host.events)
        if (const auto* m = std::get_if<bus::Message>(&e.body)) told.push_back(m->text.plain);
    for (int i = 0; i < count; ++i) wanted.push_back("missed " + std::to_string(i));
    EXPECT_EQ(told, wanted);
    EXPECT_FALSE(bridge->host.first<bus::Gap>([](const bus::Gap&) { return true; }));
}

TEST_F(Xmpp, ALongAbsenceFromARoomWithoutAnArchiveIsMarked) {
    const std::string plain = "ops@plain.localhost";
    start({plain});
    auto& alice = enter("alice", plain);
    ASSERT_NO_FATAL_FAILURE(miss_sixty_of(alice, plain));
    ASSERT_FALSE(bridge->host.events.empty());
    EXPECT_TRUE(bridge->host.first<bus::Gap>([](const bus::Gap& gap) { return gap.from <= gap.to; }));
    EXPECT_TRUE(bridge->host.message("missed 59"));
    EXPECT_FALSE(bridge->host.message("missed 0"));  // else there is nothing to mark
}

TEST_F(Xmpp, ALinkThatIsCutIsResumedAndNothingIsSaidTwiceOrLost) {
    tests::Proxy wire(server->port());
    settings.port = wire.port();
    start();
    auto& alice = enter("alice");
    alice.say(ops, "before");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("before"); }));
    wire.freeze(true);  // said, and not heard by anybody
    auto d = say("on its way");
    bridge->platform.deliver(d);
    bridge->until([] { return false; }, 100ms);
    alice.say(ops, "meanwhile");
    ASSERT_TRUE(alice.hears("meanwhile"));
    wire.cut();
    wire.freeze(false);
    ASSERT_TRUE(bridge->until([&] { return bridge->host.links.back() == kit::Link::down; }));
    ASSERT_TRUE(bridge->joins(ops));
    d.in_doubt = true;
    const auto* answer = bridge->deliver(d);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->refused) << answer->refused.text();
    ASSERT_TRUE(alice.hears("on its way"));
    alice.say(ops, "end");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("end"); }));
    EXPECT_EQ(alice.count("on its way"), 1);
    EXPECT_EQ(bridge->host.messages("meanwhile"), 1);
    EXPECT_THAT(server->log(), testing::HasSubstr("resuming existing session"));
}

TEST_F(Xmpp, AResumedSessionInWhichNothingIsAnsweredIsNotResumedAgain) {
    tests::Proxy wire(server->port());
    settings.port = wire.port();
    settings.ping_after = settings.ping_timeout = 1s;
    start();
    auto& alice = enter("alice");
    // Each session has a resource of its own, which who is spoken to directly sees.
    const auto session_that_says = [&](const std::string& words) {
        bridge->platform.deliver(say(words, "alice@localhost"));
        std::string from;
        EXPECT_TRUE(bridge->until([&] {
            for (const auto& stanza : alice.take(1ms))
                if (stanza.child_text("body") == words) from = stanza["from"];
            return !from.empty();
        })) << words;
        return from;
    };
    const auto first = session_that_says("by the first");
    int ups = 0;
    bridge->host.on_link = [&](kit::Link link) {
        if (link == kit::Link::up && ++ups == 1) wire.freeze_to_server(true);  // what it asks never comes
        if (link == kit::Link::down && ups == 1) wire.freeze_to_server(false);
    };
    wire.cut();
    ASSERT_TRUE(bridge->until([&] { return ups == 2 && bridge->host.joined[ops]; }, 20s * tests::slowdown));
    EXPECT_NE(session_that_says("by the last"), first) << "what was resumed was resumed again";
    alice.say(ops, "end");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("end"); }));
    ASSERT_NE(bridge->deliver(say("here again")), nullptr);
    EXPECT_TRUE(alice.hears("here again"));
}

TEST_F(Xmpp, WhatIsInDoubtAfterARestartIsSettledByTheRoomsHistory) {
    start();
    auto& alice = enter("alice");
    auto d = say("exactly once");
    const auto native = bridge->deliver(d)->native_id;
    ASSERT_TRUE(alice.hears("exactly once"));
    bridge.reset();  // gone before the answer was written down
    start();
    d.in_doubt = true;
    const auto* answer = bridge->deliver(d);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->native_id, native);
    alice.say(ops, "end");
    ASSERT_TRUE(alice.hears("end"));
    EXPECT_EQ(alice.count("exactly once"), 1);
}

// The room shows 20 messages on joining, and what we may have said is further back than that.
TEST_F(Xmpp, WhatIsInDoubtWhereTheHistoryHasAGapIsMarkedOrHeld) {
    const std::string plain = "ops@plain.localhost";
    start({plain});
    auto& alice = enter("alice", plain);
    ASSERT_NO_FATAL_FAILURE(miss_sixty_of(alice, plain));
    auto sent = say("in doubt", plain), held = say("in doubt, too", plain);
    sent.in_doubt = held.in_doubt = held.hold_in_doubt = true;
    const auto* refused = bridge->deliver(held);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->refused.what.find("held: it may have been said already"), std::string::npos);
    const auto* said = bridge->deliver(sent);
    ASSERT_TRUE(said);
    EXPECT_FALSE(said->refused);
    ASSERT_TRUE(alice.hears("(maybe again) in doubt"));
    EXPECT_EQ(alice.count("in doubt, too"), 0);
}

TEST_F(Xmpp, WhatIsInDoubtAndWasNeverShownIsSentAgain) {
    start();
    auto& alice = enter("alice");
    auto d = say("late but here");
    d.in_doubt = true;
    ASSERT_TRUE(bridge->deliver(d));
    EXPECT_TRUE(alice.hears("late but here"));
}

}  // namespace
}  // namespace parley::xmpp
