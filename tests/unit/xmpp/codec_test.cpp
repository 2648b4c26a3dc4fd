// Stanzas: what each extension says, and that hostile ones do no harm.
#include "bridges/xmpp/codec.h"

#include <gmock/gmock.h>

namespace parley::xmpp {
namespace {

Element groupchat() {
    return element("message").set("from", "Ops@Rooms.Test/alice").set("type", "groupchat").set("id", "m1");
}

TEST(XmppCodec, AnAttributeKeepsItsLineBreaks) {
    EXPECT_EQ(to_xml(element("a").set("id", "1\n2\t3").say("4\n5")), "<a id='1&#10;2&#9;3'>4\n5</a>");
}

TEST(XmppCodec, OnlyTheRoomItselfMayGiveAStanzaId) {
    auto m = groupchat();
    m.add(element("stanza-id", "urn:xmpp:sid:0").set("id", "forged").set("by", "evil@rooms.test"));
    EXPECT_EQ(read_message(m)->stanza_id, "");
    m.add(element("stanza-id", "urn:xmpp:sid:0").set("id", "s1").set("by", "ops@rooms.test"));
    EXPECT_EQ(read_message(m)->stanza_id, "s1");
    EXPECT_EQ(read_message(m)->from.bare, "ops@rooms.test");
}

TEST(XmppCodec, TheQuoteForOlderClientsIsTakenOutByCharactersNotBytes) {
    auto m = groupchat();
    m.add(element("body").say("> grüße\nja"));
    m.add(element("reply", "urn:xmpp:reply:0").set("id", "s0"));
    auto fallback = element("fallback", "urn:xmpp:fallback:0").set("for", "urn:xmpp:reply:0");
    fallback.add(element("body").set("start", "0").set("end", "8"));
    m.add(fallback);
    EXPECT_EQ(read_message(m)->body, "ja");
    EXPECT_EQ(read_message(m)->reply_to, "s0");
}

TEST(XmppCodec, AFallbackWithNonsenseBordersDoesNoHarm) {
    for (const auto* border : {"-1", "99999999999999999999", "x", "5"}) {
        auto m = groupchat();
        m.add(element("body").say("short"));
        auto fallback = element("fallback", "urn:xmpp:fallback:0").set("for", "urn:xmpp:reply:0");
        fallback.add(element("body").set("start", border).set("end", "3"));
        m.add(fallback);
        EXPECT_TRUE(read_message(m)->body);
    }
}

TEST(XmppCodec, ReactionsAreASetWithALimit) {
    auto m = groupchat();
    auto set = element("reactions", "urn:xmpp:reactions:0").set("id", "s1");
    for (int i = 0; i < 200; ++i) set.add(element("reaction").say("r" + std::to_string(i)));
    set.add(element("reaction").say("r0"));
    m.add(set);
    EXPECT_EQ(read_message(m)->reactions.size(), reactions_max);
}

TEST(XmppCodec, TextThatXmlCannotCarryIsReplaced) {
    EXPECT_EQ(to_xml(element("body").say("a\x01<b>&\xFF\"")), "<body>a\xEF\xBF\xBD&lt;b&gt;&amp;\xEF\xBF\xBD&quot;</body>");
    EXPECT_EQ(clean("fine\t\n🎉"), "fine\t\n🎉");
}

TEST(XmppCodec, AQuestionThatWeDoNotKnowIsRefusedPolitely) {
    const auto iq = element("iq").set("type", "set").set("id", "7").set("from", "x@y").add(element("query", "jabber:iq:unknown"));
    const auto reply = answer(iq);
    ASSERT_TRUE(reply);
    EXPECT_EQ((*reply)["type"], "error");
    EXPECT_EQ((*reply)["to"], "x@y");
    EXPECT_FALSE(answer(element("iq").set("type", "result").set("id", "7")));
}

TEST(XmppCodec, AMessageFromNowhereIsNothing) {
    EXPECT_FALSE(read_message(element("message")));
    EXPECT_FALSE(read_presence(element("presence")));
    EXPECT_FALSE(read_message(element("other").set("from", "a@b")));
}

TEST(XmppCodec, AKickNamesWhoAndWhy) {
    auto x = element("x", "http://jabber.org/protocol/muc#user");
    auto item = element("item").set("role", "none");
    item.add(element("actor").set("nick", "boss")).add(element("reason").say("noise"));
    x.add(item).add(element("status").set("code", "307")).add(element("status").set("code", "nonsense"));
    const auto p = read_presence(element("presence").set("from", "ops@r/alice").set("type", "unavailable").add(x));
    ASSERT_TRUE(p);
    EXPECT_TRUE(p->status.contains(307));
    EXPECT_EQ(p->actor, "boss");
    EXPECT_EQ(p->reason, "noise");
}

}  // namespace
}  // namespace parley::xmpp
