// What was said while we were away, with and without an archive: all of it, once, in order, or marked as missing.
#include "tests/unit/xmpp/session_fixture.h"

namespace parley::xmpp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class XmppCatchUp : public XmppSession {
protected:
    Element said(const std::string& nick, const std::string& text, const std::string& id) {
        return element("message").set("from", "ops@r/" + nick).set("type", "groupchat").set("id", "m-" + id).add(element("body").say(text));
    }
    Element live(const std::string& nick, const std::string& text, const std::string& id) {
        return said(nick, text, id).add(element("stanza-id", "urn:xmpp:sid:0").set("id", id).set("by", "ops@r"));
    }
    Element past(const std::string& nick, const std::string& text, const std::string& id, int second) {
        return live(nick, text, id).add(element("delay", "urn:xmpp:delay").set("stamp", stamp(second)));
    }
    static std::string stamp(int second) { return service::iso8601(service::Time(1'000'000s + std::chrono::seconds(second))); }
    // One message out of the archive, as an answer to the page that was asked for last.
    Element archived(const Element& message, const std::string& id, int second) {
        auto forwarded = element("forwarded", "urn:xmpp:forward:0");
        forwarded.add(element("delay", "urn:xmpp:delay").set("stamp", stamp(second))).add(message);
        auto result = element("result", "urn:xmpp:mam:2").set("queryid", last("iq")["id"]).set("id", id).add(forwarded);
        return element("message").set("from", "ops@r").add(result);
    }
    void page_ends(const std::string& last_id, bool complete) {
        auto set = element("set", "http://jabber.org/protocol/rsm");
        if (!last_id.empty()) set.add(element("last").say(last_id));
        auto fin = element("fin", "urn:xmpp:mam:2").set("complete", complete ? "true" : "false").add(set);
        session.handle(element("iq").set("from", "ops@r").set("type", "result").set("id", last("iq")["id"]).add(fin));
    }
    void page_fails(const std::string& condition) {
        const auto error = element("error").set("type", "cancel").add(element(condition, "urn:ietf:params:xml:ns:xmpp-stanzas"));
        session.handle(element("iq").set("from", "ops@r").set("type", "error").set("id", last("iq")["id"]).add(error));
    }
    void room_answers_ping() {
        session.handle(element("iq").set("from", "ops@r/parley").set("type", "result").set("id", last("iq")["id"]));
    }
    std::string asked(const std::string& what) {
        const auto iq = last("iq");
        const auto* query = iq.child("query", "urn:xmpp:mam:2");
        const auto* set = query ? query->child("set") : nullptr;
        return set ? set->child_text(what) : "no query";
    }
    // The room hears "known", whose id is our place in it, and we lose it.
    void away(bool archive) {
        session.handle(live("alice", "known", "s1"));
        host.seen = kit::Seen{"s1", clock.now()};
        host.events.clear();
        session.link_lost();
        session.link_up("parley@x/2");
        features(archive);
        session.handle(element("presence").set("from", "ops@r/parley").add(element("x", "http://jabber.org/protocol/muc#user").add(element("status").set("code", "110"))));
    }
    void resume_with_hello_in_doubt() {
        session.deliver(hello);
        session.link_lost();
        session.link_up("parley@x/1", true);
        auto again = hello;
        again.in_doubt = true;
        session.deliver(again);
    }
    void subject() { session.handle(element("message").set("from", "ops@r").set("type", "groupchat").add(element("subject"))); }
    std::vector<std::string> told() const {
        std::vector<std::string> out;
        for (const auto& e : host.events) {
            if (const auto* m = std::get_if<bus::Message>(&e.body)) out.push_back(m->text.plain);
            if (const auto* gap = std::get_if<bus::Gap>(&e.body)) out.push_back("gap: " + gap->why);
        }
        return out;
    }
};

TEST_F(XmppCatchUp, ReadsTheArchiveToItsEndBeforeWhatIsSaidMeanwhile) {
    away(true);
    const auto join = last("presence");
    EXPECT_EQ((*join.child("x")->child("history"))["maxstanzas"], "0");
    subject();
    EXPECT_FALSE(host.in);
    EXPECT_EQ(asked("before"), "s1");
    page_ends("s0", true);
    EXPECT_EQ(asked("after"), "s1");
    session.handle(live("bob", "live", "s5"));
    session.handle(archived(said("bob", "first missed", "s2"), "s2", 1));
    session.handle(archived(said("bob", "second missed", "s3"), "s3", 2));
    page_ends("s3", false);
    EXPECT_EQ(asked("after"), "s3");
    session.handle(archived(said("bob", "third missed", "s4"), "s4", 3));
    EXPECT_FALSE(host.in);
    page_ends("s4", true);
    EXPECT_TRUE(host.in);
    EXPECT_THAT(told(), ElementsAre("first missed", "second missed", "third missed", "live"));
    EXPECT_EQ(host.events[0].origin.native_id, "s2");
}

TEST_F(XmppCatchUp, FindsItsOwnMessagesOnThePageThatEndsWithItsPlace) {
    session.deliver(hello);
    away(true);
    subject();
    auto ours = element("message").set("from", "ops@r/parley").set("type", "groupchat").set("id", Session::message_id(hello.id));
    session.handle(archived(ours.add(element("body").say("hello")), "s0", -1));
    page_ends("s0", true);
    page_ends("", true);
    auto again = hello;
    again.in_doubt = true;
    session.deliver(again);
    EXPECT_EQ(host.delivered_ids.size(), 1u);
    EXPECT_TRUE(told().empty());
}

TEST_F(XmppCatchUp, MarksAGapIfTheArchiveNoLongerKnowsItsPlace) {
    away(true);
    subject();
    page_fails("item-not-found");
    session.handle(archived(said("bob", "long before", "sa"), "sa", -30));
    session.handle(archived(said("bob", "after", "sb"), "sb", 100));
    page_ends("sb", true);
    EXPECT_TRUE(host.in);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("does not reach back"), "after"));
}

TEST_F(XmppCatchUp, MarksAGapIfTheArchiveFailsOrDoesNotAnswer) {
    away(true);
    subject();
    page_fails("internal-server-error");
    EXPECT_TRUE(host.in);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("internal-server-error")));
    away(true);
    subject();
    clock.at += 31s;
    session.tick();
    EXPECT_TRUE(host.in);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("does not answer")));
}

TEST_F(XmppCatchUp, TakesNoArchiveFromStrangersAndNoPageThatWasNotAskedFor) {
    away(true);
    subject();
    page_ends("s0", true);
    auto forged = archived(said("bob", "forged", "s2"), "s2", 1);
    forged.attributes.clear();
    session.handle(forged.set("from", "mallory@x/1"));
    auto other_room = archived(said("bob", "elsewhere", "s2").set("x", "y"), "s2", 1);
    other_room.attributes.clear();
    session.handle(other_room.set("from", "ops@r/bob"));  // somebody in the room is not the room
    page_ends("", true);
    session.handle(archived(said("bob", "too late", "s3"), "s3", 2));
    EXPECT_THAT(told(), testing::Not(testing::Contains("forged")));
    EXPECT_THAT(told(), testing::Not(testing::Contains("too late")));
}

TEST_F(XmppCatchUp, WithoutAnArchiveTheHistoryThatJoinsUpIsWhole) {
    away(false);
    session.handle(past("alice", "known", "s1", 0));
    session.handle(past("bob", "missed", "s2", 1));
    subject();
    EXPECT_THAT(told(), ElementsAre("missed"));
}

TEST_F(XmppCatchUp, WithoutAnArchiveAHistoryThatWasCutIsMarked) {
    away(false);
    session.handle(past("bob", "the oldest that is left", "s22", 40));
    session.handle(past("bob", "the next", "s23", 41));
    subject();
    EXPECT_THAT(told(), ElementsAre(HasSubstr("does not reach back"), "the oldest that is left", "the next"));
}

TEST_F(XmppCatchUp, WithoutAnArchiveAHistoryThatIsGoneIsMarked) {
    away(false);
    subject();
    EXPECT_THAT(told(), ElementsAre(HasSubstr("does not reach back")));
}

TEST_F(XmppCatchUp, WhatWasSaidBeforeOurTimeIsNotNews) {
    away(false);
    session.handle(past("bob", "long ago", "s0", -50));
    session.handle(past("alice", "known", "s1", 0));
    subject();
    EXPECT_TRUE(told().empty());
}

TEST_F(XmppCatchUp, AResumedSessionGoesOnAndSaysNothingTwice) {
    session.deliver(hello);
    session.link_lost();
    session.link_up("parley@x/1", true);
    EXPECT_TRUE(host.in);
    auto again = hello;
    again.in_doubt = true;
    session.deliver(again);
    EXPECT_EQ(XmppSession::said(), 1);  // the server has it, or the stream says it again
    session.handle(reflection("s1"));
    room_answers_ping();
    EXPECT_THAT(host.delivered_ids, ElementsAre("s1"));
    EXPECT_EQ(XmppSession::said(), 1);
}

TEST_F(XmppCatchUp, WhatNeverReachedTheWireIsSaidOnceTheRoomShowsThatItHasNotCome) {
    resume_with_hello_in_doubt();
    room_answers_ping();
    EXPECT_EQ(XmppSession::said(), 2);
    session.handle(reflection("s1"));
    EXPECT_THAT(host.delivered_ids, ElementsAre("s1"));
}

TEST_F(XmppCatchUp, InAResumedSessionNothingOvertakesWhatIsToBeSaidAgain) {
    resume_with_hello_in_doubt();
    kit::Delivery next{{bus::derived_id({"next"}), "ops@r", 0}, kit::Say{bus::Text("next"), {}, {}, {}, {}}, false};
    session.deliver(next);
    EXPECT_EQ(XmppSession::said(), 1);
    room_answers_ping();
    std::vector<std::string> words;
    for (const auto& stanza : sent)
        if (const auto* body = stanza.child("body")) words.push_back(body->text);
    EXPECT_THAT(words, ElementsAre("hello", "hello", "next"));
}

TEST_F(XmppCatchUp, AnAnswerWrittenDownNowhereIsFoundInTheMemoryOfAnEarlierLife) {
    session.deliver(hello);
    session.handle(reflection("s1"));
    session.link_lost();
    session.link_up("parley@x/2");
    host.delivered_ids.clear();
    auto again = hello;
    again.in_doubt = true;
    session.deliver(again);
    EXPECT_THAT(host.delivered_ids, ElementsAre("s1"));
}

}  // namespace
}  // namespace parley::xmpp
