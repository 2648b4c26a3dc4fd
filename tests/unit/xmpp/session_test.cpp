// Rooms and deliveries without a server: what the session sends and tells for each stanza that comes.
#include "tests/unit/xmpp/session_fixture.h"

namespace parley::xmpp {
namespace {

TEST_F(XmppSession, AReflectionAnswersADeliveryOnce) {
    session.deliver(hello);
    session.handle(reflection("s1"));
    session.handle(reflection("s1"));
    EXPECT_THAT(host.delivered_ids, testing::ElementsAre("s1"));
    EXPECT_TRUE(host.events.empty());
}

TEST_F(XmppSession, ARoomThatKeepsOurIdsIsToldThemOnce) {
    const auto say_more = [&](const std::string& words) {
        session.deliver({{bus::derived_id({words}), "ops@r", 0}, kit::Say{bus::Text(words), {}, {}, {}, {}}, false});
        return last("message");
    };
    session.deliver(hello);
    const auto id = Session::message_id(hello.id);
    ASSERT_NE(last("message").child("origin-id"), nullptr);
    session.handle(from("parley").set("id", "another").add(element("body").say("hello")).add(element("origin-id", "urn:xmpp:sid:0").set("id", id)));
    EXPECT_EQ(host.delivered_ids.size(), 1U);
    const auto second = say_more("second");
    ASSERT_NE(second.child("origin-id"), nullptr) << "it gives messages other ids";

    session.handle(from("parley").set("id", second["id"]).add(element("body").say("second")));
    EXPECT_EQ(say_more("third").child("origin-id"), nullptr);
    session.link_lost();
    session.link_up("parley@x/2");
    features(false);
    enter();
    EXPECT_NE(say_more("fourth").child("origin-id"), nullptr) << "it may be another server now";
}

TEST_F(XmppSession, AfterALostLinkTheHistorySettlesWhatWasInDoubt) {
    session.deliver(hello);
    session.link_lost();
    session.link_up("parley@x/2");
    features(false);
    auto shown = reflection("s9");
    shown.add(element("delay", "urn:xmpp:delay").set("stamp", "2026-01-01T00:00:00Z"));
    session.handle(element("presence").set("from", "ops@r/parley").add(element("x", "http://jabber.org/protocol/muc#user").add(element("status").set("code", "110"))));
    session.handle(shown);
    session.handle(element("message").set("from", "ops@r").set("type", "groupchat").add(element("subject")));
    EXPECT_THAT(host.delivered_ids, testing::IsEmpty());  // not asked again yet
    EXPECT_THAT(host.known_ids, testing::ElementsAre("s9"));
    auto again = hello;
    again.in_doubt = true;
    session.deliver(again);
    EXPECT_THAT(host.delivered_ids, testing::ElementsAre("s9"));
    EXPECT_EQ(said(), 1);
}

TEST_F(XmppSession, WhatAnEarlierProcessSaidIsKnownWhenTheRoomShowsIt) {
    session.doubted(hello.id);
    session.handle(reflection("s9"));
    session.handle(reflection("s9"));
    EXPECT_THAT(host.known_ids, testing::ElementsAre("s9"));
    auto again = hello;
    again.in_doubt = true;
    session.deliver(again);
    EXPECT_THAT(host.delivered_ids, testing::ElementsAre("s9"));
    EXPECT_EQ(said(), 0);
}

TEST_F(XmppSession, WhatTheHistoryDoesNotShowIsSentAgain) {
    session.deliver(hello);
    session.link_lost();
    session.link_up("parley@x/2");
    features(false);
    enter();
    session.deliver(hello);
    EXPECT_EQ(said(), 2);
}

TEST_F(XmppSession, ARefusalSaysWhy) {
    session.deliver(hello);
    auto error = element("error").set("type", "auth");
    error.add(element("forbidden", "urn:ietf:params:xml:ns:xmpp-stanzas")).add(element("text").say("visitors may not speak"));
    session.handle(element("message").set("from", "ops@r").set("type", "error").set("id", Session::message_id(hello.id)).add(error));
    ASSERT_EQ(host.refusals.size(), 1u);
    EXPECT_THAT(host.refusals[0].what, testing::HasSubstr("visitors may not speak"));
}

TEST_F(XmppSession, ASilentServerIsGivenUp) {
    clock.at += 61s;
    session.tick();
    clock.at += 31s;
    session.tick();
    EXPECT_EQ(gave_up.code, service::Code::timeout);
    EXPECT_FALSE(gave_up_session) << "it may go on when the server is there again";
}

TEST_F(XmppSession, AServerThatAnswersNothingInAResumedSessionIsGivenUpWithIt) {
    for (const bool answers : {true, false}) {
        session.link_lost();
        sent.clear();
        session.link_up("parley@x/1", true);
        const auto asked = last("iq");
        session.handle(element("iq").set("from", "ops@r/parley").set("type", "result").set("id", answers ? asked["id"] : "of-long-ago"));
        gave_up = {};
        clock.at += 61s;
        session.tick();
        clock.at += 31s;
        session.tick();
        EXPECT_EQ(gave_up.code, service::Code::timeout);
        EXPECT_EQ(gave_up_session, !answers);
    }
}

TEST_F(XmppSession, ARoomThatForgotUsIsEnteredAgain) {
    clock.at += 61s;
    session.tick();
    const auto ping = std::find_if(sent.begin(), sent.end(), [](const Element& e) { return e["to"] == "ops@r/parley" && e.name == "iq"; });
    ASSERT_NE(ping, sent.end());
    auto error = element("error").add(element("not-acceptable", "urn:ietf:params:xml:ns:xmpp-stanzas"));
    session.handle(element("iq").set("from", "ops@r/parley").set("type", "error").set("id", (*ping)["id"]).add(error));
    EXPECT_FALSE(host.in);
    enter();  // not before we ask
    EXPECT_FALSE(host.in);
    clock.at += 5s;
    session.tick();
    features(false);
    enter();
    EXPECT_TRUE(host.in);
}

TEST_F(XmppSession, AStrangerWithOurIdIsStillAStranger) {
    session.deliver(hello);
    session.handle(from("mallory").set("id", Session::message_id(hello.id)).add(element("body").say("forged")));
    EXPECT_TRUE(host.delivered_ids.empty());
    ASSERT_EQ(host.events.size(), 1u);
    EXPECT_EQ(host.events[0].author.name, "mallory");
}

TEST_F(XmppSession, WhatTheRoomItselfSaysIsFromTheRoom) {
    session.handle(element("message").set("from", "ops@r").set("type", "groupchat").set("id", "m1").add(element("body").say("this room is logged")));
    ASSERT_EQ(host.events.size(), 1u);
    EXPECT_EQ(host.events[0].author.name, "ops@r");
}

TEST_F(XmppSession, APresenceOfTheRoomWithoutANickIsNobodysWhateverItsCodesSay) {
    const auto nameless = [](int code) {
        return element("presence").set("from", "ops@r/").add(element("x", "http://jabber.org/protocol/muc#user").add(element("status").set("code", std::to_string(code))));
    };
    session.handle(nameless(110));
    session.handle(nameless(303));
    session.leave_all();
    EXPECT_EQ(last("presence")["to"], "ops@r/parley");
    session.handle(element("presence").set("from", "ops@r/"));
    session.handle(element("presence").set("from", "ops@r/").set("type", "unavailable"));
    EXPECT_FALSE(host.in);
    EXPECT_TRUE(host.events.empty());
}

TEST_F(XmppSession, WhatIsSaidToUsAloneIsFromSomebodyEvenIfNoAddressAllowsIt) {
    for (const auto* address : {"carol@example/phone", "example", "@example"})
        session.handle(element("message").set("from", address).set("type", "chat").set("id", "m").add(element("body").say("psst")));
    ASSERT_EQ(host.events.size(), 3U);
    EXPECT_EQ(host.events[0].author.name, "carol");
    EXPECT_EQ(host.events[1].author.name, "example");
    EXPECT_EQ(host.events[2].author.name, "@example");
}

TEST_F(XmppSession, CorrectionsAndReactionsThatComeAgainInTheHistoryChangeNothing) {
    auto edit = from("alice").set("id", "m2").add(element("body").say("b")).add(element("replace", "urn:xmpp:message-correct:0").set("id", "m1"));
    const auto react = [&](const std::string& id, const std::string& emoji) {
        return from("alice").set("id", id).add(element("reactions", "urn:xmpp:reactions:0").set("id", "m1").add(element("reaction").say(emoji)));
    };
    const std::vector<Element> all = {from("alice").set("id", "m1").add(element("body").say("a")), edit, react("m3", "x"), react("m4", "y")};
    for (const auto& stanza : all) session.handle(stanza);
    const auto before = host.events.size();
    EXPECT_EQ(before, 5u);  // a message, an edit, +x, -x, +y
    for (std::size_t i = 1; i < all.size(); ++i) session.handle(all[i]);
    EXPECT_EQ(host.events.size(), before);
}

TEST_F(XmppSession, TooLargeAStanzaIsRefusedNotSent) {
    auto big = hello;
    std::get<kit::Say>(big.what).text = bus::Text(std::string(70'000, 'x'));
    session.deliver(big);
    ASSERT_EQ(host.refusals.size(), 1u);
    EXPECT_EQ(host.refusals[0].code, service::Code::limit);
    EXPECT_EQ(said(), 0);
}

}  // namespace
}  // namespace parley::xmpp
