// Edits, removals, reactions and replies between all four platforms: native where a platform has them, words elsewhere.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/four_rooms.h"
#include "tests/support/page_client.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto thumb = "👍";

class Changes : public FourRooms {
protected:
    void SetUp() override {
        FourRooms::SetUp();
        ann = std::make_unique<PageClient>(house.port(), page);
        bob = std::make_unique<IrcClient>(large.port(), "bob_with_tags", IrcClient::Options{.capabilities = {"message-tags"}});
        bob->join(channel);
    }
    // The next thing on each IRC network. ngircd has but words; InspIRCd passes clients' tags on, so that there a reply or a
    // reaction may be a tag.
    void expect_on_irc(const std::string& words, const std::string& tag = {}) {
        EXPECT_THAT(alice->hears(channel), ElementsAre("<parley> " + words)) << house.logs();
        const auto line = bob->expect([](std::string_view one) {
            return one.find(" PRIVMSG #lobby ") != one.npos || one.find(" NOTICE #lobby ") != one.npos || one.find(" TAGMSG ") != one.npos;
        });
        EXPECT_TRUE(line.ends_with(" :" + words) || (!tag.empty() && line.find("+draft/" + tag + "=") != std::string::npos)) << line;
    }
    // On Prosody: what Parley said with this element in it, which points to that id.
    std::optional<XmlNode> carl_sees(const std::string& element, const std::string& id) {
        return carl->hears([&](const XmlNode& n) {
            const auto* found = n["from"] == std::string(muc) + "/parley" ? n.child(element) : nullptr;
            return found != nullptr && (*found)["id"] == id;
        });
    }
    std::vector<std::string> reactions(const XmlNode& message) {
        std::vector<std::string> out;
        for (const auto& one : message.child("reactions")->children) out.push_back(one.text);
        return out;
    }
    // On the page: a live change of this type to that message.
    std::optional<json> page_sees(const std::string& type, const std::string& target, const json& more = json::object()) {
        return ann->hears([&](const json& one) {
            bool same = one.value("type", "") == type && one.value(type == "add" ? "reply" : "target", "") == target;
            for (const auto& [name, value] : more.items()) same = same && one.value(name, json()) == value;
            return same;
        });
    }
    // What the archive tells of an event, once it tells it so.
    bool archived(const std::string& id, const std::function<bool(const json&)>& wanted) {
        return wait_until([&] {
            const auto event = json::parse(house.get("/api/events/" + id).body, nullptr, false);
            return event.is_object() && wanted(event);
        });
    }

    std::unique_ptr<PageClient> ann;
};

TEST_F(Changes, OfAnXmppClientAreLinesOnIrcAndChangesOnThePage) {
    carl->say(muc, "the word is wrnog");
    expect_on_irc("<carl> the word is wrnog");
    const auto said = carl->hears("the word is wrnog");
    ASSERT_TRUE(said);
    const auto native = XmppClient::stanza_id(*said), id = ann->id_of("wrnog");
    ASSERT_NE(id, "");

    carl->correct(muc, (*said)["id"], "the word is wrong");
    expect_on_irc("<carl> (edited) the word is wrong");
    EXPECT_TRUE(page_sees("edit", id, {{"html", "the word is wrong"}}));
    EXPECT_TRUE(archived(id, [](const json& event) { return event.value("text", "") == "the word is wrong" && event.value("edited", false); }));

    carl->react(muc, native, {thumb});
    expect_on_irc("carl reacted 👍 to \"the word is wrong\"", "react");
    EXPECT_TRUE(page_sees("react", id, {{"emoji", thumb}, {"added", true}, {"name", "carl"}}));
    carl->react(muc, native, {});
    expect_on_irc("carl took back 👍 from \"the word is wrong\"", "unreact");
    EXPECT_TRUE(page_sees("react", id, {{"emoji", thumb}, {"added", false}}));

    carl->reply(muc, native, "the word is wrong", "so it is");
    expect_on_irc("<carl> carl: > the word is wrong — so it is", "reply");
    const auto reply = page_sees("add", id);
    ASSERT_TRUE(reply);
    EXPECT_THAT(reply->value("html", ""), HasSubstr("so it is"));

    carl->retract(muc, native);
    expect_on_irc("carl removed a message: \"the word is wrong\"");
    EXPECT_TRUE(page_sees("redact", id));
    EXPECT_TRUE(archived(id, [](const json& event) { return event.value("text", "?").empty() && event.value("redacted", false); }));
}

TEST_F(Changes, OfThePageAreNativeOnXmppAndLinesOnIrc) {
    const auto id = ann->say("teh word");
    expect_on_irc("<operator> teh word");
    const auto said = carl->hears("<operator> teh word");
    ASSERT_TRUE(said) << house.logs();
    const auto native = XmppClient::stanza_id(*said);

    ann->edit(id, "the word");
    expect_on_irc("<operator> (edited) the word");
    const auto corrected = carl_sees("replace", (*said)["id"]);  // XEP-0308
    ASSERT_TRUE(corrected) << house.logs();
    EXPECT_EQ(corrected->child_text("body"), "<operator> the word");

    ann->react(id, thumb);
    expect_on_irc("operator reacted 👍 to \"the word\"", "react");
    const auto reacted = carl_sees("reactions", native);  // XEP-0444
    ASSERT_TRUE(reacted) << house.logs();
    EXPECT_THAT(reactions(*reacted), ElementsAre(thumb));
    ann->react(id, thumb, false);
    expect_on_irc("operator took back 👍 from \"the word\"", "unreact");
    EXPECT_TRUE(carl->hears([&](const XmlNode& n) {
        const auto* set = n["from"] == std::string(muc) + "/parley" ? n.child("reactions") : nullptr;
        return set != nullptr && (*set)["id"] == native && set->children.empty();
    })) << house.logs();

    ann->say("a better one?", id);
    expect_on_irc("<operator> operator: > the word — a better one?", "reply");
    const auto reply = carl_sees("reply", native);  // XEP-0461
    ASSERT_TRUE(reply) << house.logs();
    EXPECT_EQ(reply->child_text("body"), "<operator> a better one?");

    ann->redact(id);
    expect_on_irc("operator removed a message: \"the word\"");
    EXPECT_TRUE(carl_sees("retract", native)) << house.logs();  // XEP-0424
}

TEST_F(Changes, OfThePageReachTheMessagesOfOthersWhereTheyWereSaid) {
    carl->say(muc, "said on Prosody");
    expect_on_irc("<carl> said on Prosody");
    const auto own = carl->hears("said on Prosody");
    ASSERT_TRUE(own);
    const auto of_carl = ann->id_of("said on Prosody");
    ann->react(of_carl, thumb);
    const auto reacted = carl_sees("reactions", XmppClient::stanza_id(*own));
    ASSERT_TRUE(reacted) << house.logs();
    EXPECT_THAT(reactions(*reacted), ElementsAre(thumb));
    expect_on_irc("operator reacted 👍 to \"said on Prosody\"", "react");
    ann->say("indeed", of_carl);
    const auto reply = carl_sees("reply", XmppClient::stanza_id(*own));
    ASSERT_TRUE(reply);
    EXPECT_EQ((*reply->child("reply"))["to"], std::string(muc) + "/carl");
    expect_on_irc("<operator> carl: > said on Prosody — indeed", "reply");

    alice->say(channel, "said on ngircd");
    EXPECT_NE(bob->expect(" :<alice> said on ngircd"), "");
    const auto mirrored = carl->hears("<alice> said on ngircd");
    ASSERT_TRUE(mirrored);
    const auto of_alice = ann->id_of("said on ngircd");
    ann->react(of_alice, thumb);
    EXPECT_TRUE(carl_sees("reactions", XmppClient::stanza_id(*mirrored)));
    ann->say("over there", of_alice);
    EXPECT_TRUE(carl_sees("reply", XmppClient::stanza_id(*mirrored)));
    EXPECT_THAT(alice->hears(channel, 2), testing::Contains("<parley> <operator> alice: > said on ngircd — over there"));
}

TEST_F(Changes, ReactionsOfAnXmppClientAndOfThePageStandSideBySide) {
    const auto id = ann->say("all agreed?");
    const auto said = carl->hears("<operator> all agreed?");
    ASSERT_TRUE(said);
    const auto native = XmppClient::stanza_id(*said);
    carl->react(muc, native, {thumb, "🎉"});
    EXPECT_TRUE(page_sees("react", id, {{"emoji", "🎉"}, {"name", "carl"}, {"own", false}}));
    ann->react(id, thumb);
    EXPECT_TRUE(page_sees("react", id, {{"emoji", thumb}, {"own", true}}));
    ASSERT_TRUE(wait_until([&] {
        const auto html = house.get("/room/" + url_encoded(page)).body;
        return html.find("👍 <span>2</span>") != std::string::npos && html.find("🎉 <span>1</span>") != std::string::npos;
    })) << house.get("/room/" + url_encoded(page)).body;
    carl->react(muc, native, {"🎉"});
    EXPECT_TRUE(page_sees("react", id, {{"emoji", thumb}, {"added", false}, {"name", "carl"}}));
    ASSERT_TRUE(wait_until([&] { return house.get("/room/" + url_encoded(page)).body.find("👍 <span>1</span>") != std::string::npos; }));
}

// InspIRCd passes clients' tags on (IRCv3's reply and react); ngircd has none.
class TagsOnIrc : public Changes {
protected:
    // Alice asks something on ngircd; where it stands on the other three.
    void SetUp() override {
        Changes::SetUp();
        alice->say(channel, "who is on duty?");
        const auto line = bob->expect("who is on duty?");
        const auto at = line.find("msgid=");
        ASSERT_NE(at, std::string::npos) << line;
        on_inspircd = line.substr(at + 6, line.find_first_of("; ", at) - at - 6);
        const auto mirrored = carl->hears("<alice> who is on duty?");
        ASSERT_TRUE(mirrored);
        on_prosody = XmppClient::stanza_id(*mirrored);
        on_the_page = ann->id_of("who is on duty?");
    }
    std::string on_inspircd, on_prosody, on_the_page;
};

TEST_F(TagsOnIrc, AReplyIsAReplyOnXmppAndOnThePageAndAQuoteOnNgircd) {
    bob->raw("@+draft/reply=" + on_inspircd + " PRIVMSG #lobby :me");
    const auto reply = carl_sees("reply", on_prosody);
    ASSERT_TRUE(reply) << house.logs();
    EXPECT_EQ(reply->child_text("body"), "<bob_with_tags> me");
    EXPECT_TRUE(page_sees("add", on_the_page));
    EXPECT_THAT(alice->hears(channel), ElementsAre("<parley> <bob_with_tags> alice: > who is on duty? — me"));
}

TEST_F(TagsOnIrc, AReactionAndItsRemovalAreNativeOnXmppAndOnThePageAndLinesOnNgircd) {
    bob->raw("@+draft/reply=" + on_inspircd + ";+draft/react=👍 TAGMSG #lobby");
    const auto reacted = carl_sees("reactions", on_prosody);
    ASSERT_TRUE(reacted) << house.logs();
    EXPECT_THAT(reactions(*reacted), ElementsAre(thumb));
    EXPECT_TRUE(page_sees("react", on_the_page, {{"emoji", thumb}, {"added", true}, {"name", "bob_with_tags"}}));
    EXPECT_THAT(alice->hears(channel), ElementsAre("<parley> bob_with_tags reacted 👍 to \"who is on duty?\""));
    bob->raw("@+draft/reply=" + on_inspircd + ";+draft/unreact=👍 TAGMSG #lobby");
    EXPECT_TRUE(page_sees("react", on_the_page, {{"emoji", thumb}, {"added", false}}));
    EXPECT_TRUE(carl->hears([&](const XmlNode& n) {
        const auto* set = n.child("reactions");
        return set != nullptr && (*set)["id"] == on_prosody && set->children.empty();
    })) << house.logs();
    EXPECT_THAT(alice->hears(channel), ElementsAre("<parley> bob_with_tags took back 👍 from \"who is on duty?\""));
}

}  // namespace
}  // namespace parley::tests
