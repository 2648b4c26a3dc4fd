// What a platform without this or that sees of an event.
#include "bridges/kit/degrade.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>

#include "bridges/kit/cut.h"
#include "bridges/kit/split.h"
#include "broker/service/unicode.h"

namespace parley::kit {
namespace {

using bus::Event;
using bus::Span;
using bus::Text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Degrade : public ::testing::Test {
protected:
    Degrade() {
        poor.text_max = 60;
        rich.multiline = rich.edits = rich.redactions = rich.reactions = rich.replies = rich.topics = rich.receipts =
            true;
        rich.text_max = 5000;
        event.id = bus::derived_id({"event"});
        event.origin.room = {"libera", "#ops"};
        event.origin.native_id = "1";
        event.author.name = "bob";
        known.event = target;
        known.native_ids = {"native-1"};
        known.author_name = "alice";
        known.excerpt = "lunch at noon?";
        known.ours = true;
    }
    std::vector<Delivery> all(const Capabilities& can) {
        return degrade(event, "room", can,
                       [this](const bus::EventId& id) { return id == target ? std::optional(known) : std::nullopt; },
                       {"parley", "http://page"});
    }
    std::vector<std::string> said(const Capabilities& can) {
        std::vector<std::string> out;
        for (const auto& delivery : all(can)) {
            if (const auto* say = std::get_if<Say>(&delivery.what))
                out.push_back(say->text.plain);
            else
                out.emplace_back("?");
        }
        return out;
    }
    Capabilities poor, rich;
    Event event;
    Known known;
    const bus::EventId target = bus::derived_id({"target"});
};

TEST_F(Degrade, NamesTheSpeaker) {
    event.body = bus::Message{"hello"};
    EXPECT_THAT(said(poor), ElementsAre("<bob> hello"));
    poor.puppets = true;
    EXPECT_THAT(said(poor), ElementsAre("hello"));
}

TEST_F(Degrade, ShowsAnActionAndANotice) {
    event.body = bus::Message{"waves", bus::Message::Style::action};
    EXPECT_THAT(said(poor), ElementsAre("* bob waves"));
    event.body = bus::Message{"back at 5", bus::Message::Style::notice};
    EXPECT_THAT(said(poor), ElementsAre("<bob> back at 5"));
}

TEST_F(Degrade, SaysOurOwnWordsWithoutAName) {
    event.author = bus::ourselves();
    event.body = bus::RunOutput{{}, 0, {}, "up 3 days", "up 3 days"};
    EXPECT_THAT(said(poor), ElementsAre("up 3 days"));
    event.body = bus::RunFinished{};
    EXPECT_THAT(said(poor), IsEmpty());
}

TEST_F(Degrade, QuotesWhereThereAreNoReplies) {
    bus::Message message{"yes"};
    message.reply_to.event = target;
    event.body = message;
    EXPECT_THAT(said(poor), ElementsAre("<bob> alice: > lunch at noon? — yes"));
    const auto native = all(rich);
    ASSERT_EQ(native.size(), 1u);
    EXPECT_EQ(std::get<Say>(native[0].what).reply_to, "native-1");
    EXPECT_EQ(std::get<Say>(native[0].what).text.plain, "<bob> yes");
}

TEST_F(Degrade, LinksAttachments) {
    bus::Message message{"look"};
    message.attachments.push_back({"disk.png", "image/png", "http://x/1", 10});
    event.body = message;
    EXPECT_THAT(said(poor), ElementsAre("<bob> look", "<bob> disk.png: http://x/1"));
}

TEST_F(Degrade, CorrectsNativelyOrWithALine) {
    event.body = bus::Edit{{target, {}}, 1, "lunch at one?"};
    const auto native = all(rich);
    ASSERT_EQ(native.size(), 1u);
    EXPECT_EQ(std::get<Correct>(native[0].what).native_id, "native-1");
    EXPECT_EQ(std::get<Correct>(native[0].what).text.plain, "<bob> lunch at one?");
    EXPECT_THAT(said(poor), ElementsAre("<bob> (edited) lunch at one?"));
    known.ours = false;
    EXPECT_THAT(said(rich), ElementsAre("<bob> (edited) lunch at one?"));
}

TEST_F(Degrade, RetractsEveryPartOrSaysSo) {
    known.native_ids = {"a", "b"};
    event.body = bus::Redaction{{target, {}}, ""};
    const auto native = all(rich);
    ASSERT_EQ(native.size(), 2u);
    EXPECT_EQ(std::get<Retract>(native[1].what).native_id, "b");
    EXPECT_EQ(native[1].id.part, 1u);
    EXPECT_THAT(said(poor), ElementsAre("bob removed a message: \"lunch at noon?\""));
}

TEST_F(Degrade, ReactsWithAllThatStands) {
    known.reactions = {"🎉"};
    event.body = bus::Reaction{{target, {}}, "👍", true};
    const auto native = all(rich);
    ASSERT_EQ(native.size(), 1u);
    EXPECT_THAT(std::get<React>(native[0].what).emojis, ElementsAre("🎉", "👍"));
    EXPECT_THAT(said(poor), ElementsAre("bob reacted 👍 to \"lunch at noon?\""));
}

TEST_F(Degrade, DependsOnItsCutIfItCouldBecomeOtherParts) {
    poor.text_max = 400;
    const auto depends = [&](std::size_t bytes, bool reply) {
        bus::Message message{std::string(bytes, 'x')};
        if (reply) message.reply_to.event = target;
        event.body = message;
        return depends_on_cut(event, all(poor), poor);
    };
    EXPECT_FALSE(depends(300, false));
    EXPECT_TRUE(depends(350, false)) << "the server may take less of it next time";
    EXPECT_TRUE(depends(500, false)) << "it is in parts";
    EXPECT_FALSE(depends(100, true));
    EXPECT_TRUE(depends(200, true)) << "its quote may be longer next time";
    event.body = bus::Reaction{{target, {}}, "👍", true};
    EXPECT_FALSE(depends_on_cut(event, all(rich), rich));
}

TEST_F(Degrade, SaysWhatIsMissing) {
    const auto at = [](const char* time) { return *service::parse_iso8601(time); };
    event.body = bus::Gap{at("2026-01-01T12:03:00Z"), at("2026-01-01T12:41:00Z"), "the bridge was away"};
    poor.text_max = 200;
    EXPECT_THAT(said(poor), ElementsAre("12:03-12:41 on libera/#ops is not available: the bridge was away"));
}

TEST_F(Degrade, ShowsTheHeadOfATextThatIsTooLongAndALink) {
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += "line " + std::to_string(i) + "\n";
    event.body = bus::Message{lines};
    poor.text_max = 200;
    const auto out = said(poor);
    ASSERT_EQ(out.size(), poor.parts_max);
    EXPECT_EQ(out[0], "<bob> line 0");
    EXPECT_EQ(out.back(), "<bob> … 13 more lines: http://page/m/" + event.id.text());
    for (const auto visibility : {bus::Visibility::closed, bus::Visibility::direct}) {  // the page shows it to nobody
        event.origin.visibility = visibility;
        EXPECT_EQ(said(poor).back(), "<bob> … 13 more lines are not shown here");
    }
}

TEST_F(Degrade, LetsNobodyForgeALine) {
    event.author.name = "bob\r\nQUIT";
    event.body = bus::Message{Text(std::string("a\rb\r\nc\0d", 8))};
    EXPECT_THAT(said(poor), ElementsAre("<bob QUIT> a", "<bob QUIT> b", "<bob QUIT> c d"));
}

TEST(Split, KeepsALinkWhole) {
    Text text("see ");
    text.append("http://example.org/a/long/path", Span::Kind::link, "http://example.org/a/long/path");
    const auto parts = split(text, 32, Unit::bytes, false);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[1].plain, "http://example.org/a/long/path");
    EXPECT_EQ(parts[1].spans.size(), 1u);
}

TEST(Split, SaysTheAddressOfALinkThatIsCutOnce) {
    const std::string address = "http://example.org/" + std::string(60, 'x');
    Text bare;
    bare.append(address, Span::Kind::link, address);
    for (const auto& part : split(bare, 32, Unit::bytes, false)) EXPECT_TRUE(part.spans.empty()) << part.plain;
    Text named;
    named.append(std::string(60, 'n'), Span::Kind::link, "http://example.org/");
    const auto parts = split(named, 32, Unit::bytes, false);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_TRUE(parts[0].spans.empty());
    EXPECT_EQ(parts[1].spans.size(), 1u);
}

TEST(Split, NeverCutsAFamilyInHalf) {
    const std::string family = "👩‍👩‍👧‍👦";
    const auto parts = split(Text(family + family + family), family.size() + 3, Unit::bytes, false);
    ASSERT_EQ(parts.size(), 3u);
    for (const auto& part : parts) EXPECT_EQ(part.plain, family);
}

// Nothing is lost but white space, everything fits, and everything stays valid, whatever the text.
TEST(Split, LosesNothing) {
    constexpr std::uint64_t seed = 20261123;
    std::cout << "seed " << seed << "\n";
    service::SeededRandom random(seed);
    const std::vector<std::string> words{"a", "word", "naïve", "日本語", "👩‍👩‍👧‍👦",  "e\u0301",
                                         " ", "  ",   "\n",    "🇩🇪",     "abcdefghijklmnopqrstuvwxyz", "\t",
                                         "ﷺ"};
    const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
    for (int round = 0; round < 2000; ++round) {
        std::string plain;
        for (auto n = random.below(40); n > 0; --n) plain += words[random.below(words.size())];
        Text text(plain);
        if (!plain.empty()) text.spans.push_back({Span::Kind::bold, 0, static_cast<std::uint32_t>(plain.size()), {}});
        const auto unit = static_cast<Unit>(random.below(3));
        const auto most = 4 + random.below(60);
        std::string together;
        for (const auto& part : split(text, most, unit, random.below(2) == 0)) {
            EXPECT_LE(measure(part.plain, unit), most);
            EXPECT_TRUE(service::unicode::valid(part.plain));
            EXPECT_FALSE(part.plain.empty());
            for (const auto& span : part.spans) EXPECT_LE(span.end(), part.plain.size());
            together += part.plain;
        }
        std::erase_if(plain, blank);
        std::erase_if(together, blank);
        ASSERT_EQ(together, plain) << "round " << round;
    }
}

}  // namespace
}  // namespace parley::kit
