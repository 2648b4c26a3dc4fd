// What people and the bridge say to each other in rooms and beside them, and how the bridge comes in.
#include "tests/contract/xmpp/fixture.h"

namespace parley::xmpp {
namespace {

TEST_F(Xmpp, SignsInWithVerifiedTlsAndJoinsItsRooms) {
    start();
    EXPECT_TRUE(bridge->host.up());
    EXPECT_THAT(server->log(), testing::HasSubstr("Authenticated as parley@localhost"));
}

TEST_F(Xmpp, SignsInByScramWhereNothingElseIsOffered) {
    settings.jid = "parley@strict.localhost";
    start();
    EXPECT_EQ(bridge->host.links.back(), kit::Link::up);
}

TEST_F(Xmpp, AWrongPasswordIsSaidClearly) {
    settings.password = "guess";
    bridge.emplace(settings, std::vector{ops}, folder());
    bridge->platform.connect();
    ASSERT_TRUE(bridge->until([&] { return bridge->host.down_reason.code != service::Code::ok; }));
    EXPECT_EQ(bridge->host.down_reason.code, service::Code::denied) << bridge->host.down_reason.text();
    EXPECT_THAT(bridge->host.down_reason.what, testing::HasSubstr("password"));
}

TEST_F(Xmpp, ACertificateThatNobodyVouchesForIsRefused) {
    settings.ca_file.clear();
    bridge.emplace(settings, std::vector{ops}, folder());
    bridge->platform.connect();
    ASSERT_TRUE(bridge->until([&] { return bridge->host.down_reason.code != service::Code::ok; }));
    EXPECT_THAT(bridge->host.down_reason.what, testing::HasSubstr("certificate")) << bridge->host.down_reason.text();
}

TEST_F(Xmpp, WhatPeopleSayBecomesEventsWithTheRoomsOwnId) {
    start();
    auto& alice = enter("alice");
    alice.say(ops, "hello *world*");
    const auto shown = alice.hears("hello *world*");
    ASSERT_TRUE(shown);
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("hello world"); }));
    const auto& e = *bridge->host.message("hello world");
    EXPECT_EQ(e.origin.native_id, XmppClient::stanza_id(*shown));
    EXPECT_EQ(e.origin.room.room, ops);
    EXPECT_EQ(e.author.name, "alice");
    EXPECT_EQ(e.author.id, "alice@localhost");
    EXPECT_EQ(e.author.strength, bus::Strength::account);
    ASSERT_EQ(std::get<bus::Message>(e.body).text.spans.size(), 1u);
    EXPECT_TRUE(bridge->host.first<bus::Membership>([](auto& m) { return m.name == "alice" && m.change == bus::Membership::Change::join; }));
}

TEST_F(Xmpp, ADeliveryIsAnsweredWithTheIdThatTheRoomGaveAndIsNoEvent) {
    start();
    auto& alice = enter("alice");
    const auto d = say("from the other side\nsecond line <&> \x01");
    const auto* answer = bridge->deliver(d);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->refused) << answer->refused.text();
    const auto heard = alice.hears("from the other side\nsecond line <&> \xEF\xBF\xBD");
    ASSERT_TRUE(heard);
    EXPECT_EQ(answer->native_id, XmppClient::stanza_id(*heard));
    EXPECT_EQ(bridge->host.first<bus::Message>([](auto&) { return true; }), nullptr);
}

TEST_F(Xmpp, CorrectionsRetractionsReactionsAndRepliesOfPeopleFindTheirMessage) {
    start();
    auto& alice = enter("alice");
    const auto id = alice.say(ops, "teh plan");
    const auto native = XmppClient::stanza_id(*alice.hears("teh plan"));
    alice.correct(ops, id, "the plan");
    alice.react(ops, native, {"👍", "🎉"});
    alice.react(ops, native, {"🎉"});
    alice.reply(ops, native, "the plan", "agreed");
    alice.retract(ops, native);
    auto& host = bridge->host;
    ASSERT_TRUE(bridge->until([&] { return host.first<bus::Redaction>([](auto&) { return true; }); }));
    const auto* edit = host.first<bus::Edit>([](auto&) { return true; });
    ASSERT_TRUE(edit);
    EXPECT_EQ(std::get<bus::Edit>(edit->body).target.native_id, native);
    EXPECT_EQ(std::get<bus::Edit>(edit->body).text.plain, "the plan");
    EXPECT_TRUE(host.first<bus::Reaction>([&](auto& r) { return r.emoji == "👍" && r.added && r.target.native_id == native; }));
    EXPECT_TRUE(host.first<bus::Reaction>([&](auto& r) { return r.emoji == "👍" && !r.added; }));
    EXPECT_TRUE(host.first<bus::Reaction>([&](auto& r) { return r.emoji == "🎉" && r.added; }));
    EXPECT_FALSE(host.first<bus::Reaction>([&](auto& r) { return r.emoji == "🎉" && !r.added; }));
    ASSERT_TRUE(host.message("agreed"));
    EXPECT_EQ(std::get<bus::Message>(host.message("agreed")->body).reply_to.native_id, native);
    EXPECT_EQ(std::get<bus::Redaction>(host.first<bus::Redaction>([](auto&) { return true; })->body).target.native_id, native);
}

TEST_F(Xmpp, NobodyCorrectsOrRetractsTheWordsOfAnother) {
    start();
    auto& alice = enter("alice");
    auto& bob = enter("bob");
    const auto id = alice.say(ops, "mine");
    const auto native = XmppClient::stanza_id(*alice.hears("mine"));
    ASSERT_TRUE(bob.hears("mine"));
    bob.correct(ops, id, "yours");
    bob.retract(ops, native);
    bob.say(ops, "done");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("done"); }));
    EXPECT_FALSE(bridge->host.first<bus::Edit>([](auto&) { return true; }));
    EXPECT_FALSE(bridge->host.first<bus::Redaction>([](auto&) { return true; }));
    EXPECT_TRUE(bridge->host.message("yours"));  // said as bob's own
}

TEST_F(Xmpp, OurCorrectionsReactionsRepliesAndRetractionsNameTheRightMessage) {
    start();
    auto& alice = enter("alice");
    alice.say(ops, "a question");
    const auto question = XmppClient::stanza_id(*alice.hears("a question"));
    const auto first = say("an answre");
    const auto native = bridge->deliver(first)->native_id;
    const auto original = (*alice.hears("an answre"))["id"];
    ASSERT_TRUE(bridge->deliver({next_id(), kit::Correct{native, bus::Text("an answer")}, false}));
    const auto corrected = alice.hears("an answer");
    ASSERT_TRUE(corrected);
    EXPECT_EQ((*corrected->child("replace"))["id"], original);
    ASSERT_TRUE(bridge->deliver({next_id(), kit::React{question, {"👍"}, "👍", true}, false}));
    const auto reacted = alice.hears([](const XmlNode& n) { return n.child("reactions") != nullptr; });
    ASSERT_TRUE(reacted);
    EXPECT_EQ((*reacted->child("reactions"))["id"], question);
    EXPECT_EQ(reacted->child("reactions")->child_text("reaction"), "👍");
    ASSERT_TRUE(bridge->deliver({next_id(), kit::Say{bus::Text("indeed"), {}, {}, question, "alice"}, false}));
    const auto replied = alice.hears("indeed");
    ASSERT_TRUE(replied);
    EXPECT_EQ((*replied->child("reply"))["id"], question);
    EXPECT_EQ((*replied->child("reply"))["to"], ops + "/alice");
    ASSERT_TRUE(bridge->deliver({next_id(), kit::Retract{native, {}}, false}));
    const auto retracted = alice.hears([](const XmlNode& n) { return n.child("retract") != nullptr; });
    ASSERT_TRUE(retracted);
    EXPECT_EQ((*retracted->child("retract"))["id"], native);
}

TEST_F(Xmpp, ATakenNickLeadsToAnother) {
    auto& alice = clients.emplace_back(server->port(), "alice");
    ASSERT_TRUE(alice.join(ops, "parley"));
    start();
    ASSERT_TRUE(bridge->deliver(say("hello")));
    const auto heard = alice.hears("hello");
    ASSERT_TRUE(heard);
    EXPECT_EQ((*heard)["from"], ops + "/parley_");
    alice.say(ops, "I am not you");
    EXPECT_TRUE(bridge->until([&] { return bridge->host.message("I am not you"); }));
}

TEST_F(Xmpp, AKickIsSaidWithItsReasonAndTheRoomIsEnteredAgain) {
    auto& alice = enter("alice");  // first in the room: its owner
    start();
    alice.kick(ops, "parley", "too loud");
    ASSERT_TRUE(bridge->until([&] { return !bridge->host.joined[ops]; }));
    EXPECT_THAT(bridge->host.room_reason.what, testing::HasSubstr("too loud"));
    EXPECT_TRUE(bridge->joins(ops, 30s));
}

TEST_F(Xmpp, DirectMessagesComeAndGo) {
    start();
    auto& alice = enter("alice");
    alice.tell("parley@localhost", "psst");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("psst"); }));
    const auto e = *bridge->host.message("psst");
    EXPECT_EQ(e.origin.room.room, "alice@localhost");
    EXPECT_EQ(e.origin.visibility, bus::Visibility::direct);
    const auto* answer = bridge->deliver(say("yes?", "alice@localhost"));
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->refused);
    EXPECT_TRUE(alice.hears("yes?"));
    alice.tell(ops + "/parley", "through the room");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("through the room"); }));
    const auto inside = *bridge->host.message("through the room");
    EXPECT_EQ(inside.origin.room.room, ops + "/alice");
    EXPECT_EQ(inside.origin.visibility, bus::Visibility::direct);
    ASSERT_TRUE(bridge->deliver(say("heard", ops + "/alice")));
    EXPECT_TRUE(alice.hears("heard"));
}

TEST_F(Xmpp, TopicsGoBothWays) {
    auto& alice = enter("alice");
    start();
    alice.topic(ops, "release day");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.first<bus::Topic>([](auto& t) { return t.text.plain == "release day"; }); }));
}

TEST_F(Xmpp, ARoomWithoutStanzaIdsWorksByMessageIds) {
    const std::string plain = "ops@plain.localhost";
    start({plain});
    auto& alice = enter("alice", plain);
    const auto id = alice.say(plain, "no ids here");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.message("no ids here"); }));
    alice.correct(plain, id, "still works");
    ASSERT_TRUE(bridge->until([&] { return bridge->host.first<bus::Edit>([&](auto& e) { return e.text.plain == "still works"; }); }));
    EXPECT_EQ(std::get<bus::Edit>(bridge->host.first<bus::Edit>([](auto&) { return true; })->body).target.native_id,
              bridge->host.message("no ids here")->origin.native_id);
    ASSERT_TRUE(bridge->deliver(say("here too", plain)));
    EXPECT_TRUE(alice.hears("here too"));
}

TEST_F(Xmpp, AHundredMessagesKeepTheirOrderBothWays) {
    start();
    auto& alice = enter("alice");
    for (int i = 0; i < 100; ++i) alice.say(ops, "in " + std::to_string(i));
    for (int i = 0; i < 100; ++i) bridge->platform.deliver(say("out " + std::to_string(i)));
    ASSERT_TRUE(bridge->until([&] { return bridge->host.answers.size() == 100 && bridge->host.message("in 99"); }));
    int next = 0;
    for (const auto& e : bridge->host.events) {
        const auto* m = std::get_if<bus::Message>(&e.body);
        if (!m) continue;
        EXPECT_EQ(m->text.plain, "in " + std::to_string(next++));
    }
    EXPECT_EQ(next, 100);
    ASSERT_TRUE(alice.hears("out 99"));
}

}  // namespace
}  // namespace parley::xmpp
