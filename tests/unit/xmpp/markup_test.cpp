// Message styling: what the marks mean, and that writing and reading agree.
#include "bridges/xmpp/markup.h"

#include <gmock/gmock.h>

#include "broker/service/random.h"
#include "broker/service/unicode.h"

namespace parley::xmpp {
namespace {

using bus::Span;
using bus::Text;

TEST(XmppMarkup, MarksAreTakenOutAndBecomeSpans) {
    EXPECT_EQ(from_styled("a *b* _c_ ~d~ `e*f*`"),
              Text("a b c d e*f*", {{Span::Kind::bold, 2, 1, ""}, {Span::Kind::italic, 4, 1, ""}, {Span::Kind::strike, 6, 1, ""}, {Span::Kind::code, 8, 4, ""}}));
    EXPECT_EQ(from_styled("*_x_*"), Text("x", {{Span::Kind::bold, 0, 1, ""}, {Span::Kind::italic, 0, 1, ""}}));
}

TEST(XmppMarkup, WhatOnlyLooksLikeAMarkStaysAsItIs) {
    for (const auto* text : {"2*3*4", "* not bold*", "snake_case_name", "*open", "**", "***", "a * b * c", "`", "*a *"})
        EXPECT_EQ(from_styled(text), Text(text)) << text;
}

TEST(XmppMarkup, QuotesAndCodeBlocksAreSpansOverTheirLines) {
    EXPECT_EQ(from_styled("> one\n> two\nthree"), Text("one\ntwo\nthree", {{Span::Kind::quote, 0, 7, ""}}));
    EXPECT_EQ(from_styled("see\n```cpp\nint *a, *b;\n```\nend"), Text("see\nint *a, *b;\nend", {{Span::Kind::code_block, 4, 11, "cpp"}}));
    EXPECT_EQ(from_styled("```\nnever closed"), Text("```\nnever closed"));
}

TEST(XmppMarkup, TextThatLooksStyledByAccidentIsMarkedUnstyled) {
    const auto out = to_styled(Text("a *pointer* of C"));
    EXPECT_EQ(out.body, "a *pointer* of C");
    EXPECT_TRUE(out.unstyled);
    EXPECT_FALSE(to_styled(Text("plain")).unstyled);
}

TEST(XmppMarkup, ALinkShowsWhereItGoes) {
    EXPECT_EQ(to_styled(Text("the docs, please", {{Span::Kind::link, 0, 8, "https://x.test/"}})).body, "the docs (https://x.test/), please");
    EXPECT_EQ(to_styled(Text("https://x.test/", {{Span::Kind::link, 0, 15, "https://x.test/"}})).body, "https://x.test/");
}

TEST(XmppMarkup, SpansAreWrittenAsMarks) {
    EXPECT_EQ(to_styled(Text("very bold", {{Span::Kind::bold, 5, 4, ""}})).body, "very *bold*");
    EXPECT_EQ(to_styled(Text("a\nb", {{Span::Kind::quote, 0, 3, ""}})).body, "> a\n> b");
    EXPECT_EQ(to_styled(Text("x = 1", {{Span::Kind::code_block, 0, 5, "lua"}})).body, "```lua\nx = 1\n```");
}

// Whatever the text, a reader gets its plain words: with the marks read, or unread where we say so.
TEST(XmppMarkup, AnyTextIsReadBackWithTheSameWords) {
    const std::uint64_t seed = service::SystemRandom().number();
    SCOPED_TRACE("seed " + std::to_string(seed));
    service::SeededRandom random(seed);
    const std::string pieces[] = {"a", "b ", " ", "\n", "*", "_", "~", "`", "```", ">", "> ", "ü", "🎉", "word", "```\n"};
    const Span::Kind kinds[] = {Span::Kind::bold, Span::Kind::italic, Span::Kind::strike, Span::Kind::code, Span::Kind::quote,
                                Span::Kind::code_block, Span::Kind::spoiler, Span::Kind::mention};
    for (int round = 0; round < 5000; ++round) {
        Text text;
        for (auto n = random.below(12); n > 0; --n) text.plain += pieces[random.below(std::size(pieces))];
        for (auto n = random.below(4); n > 0; --n)
            text.spans.push_back({kinds[random.below(std::size(kinds))], static_cast<std::uint32_t>(random.below(text.plain.size() + 1)),
                                  static_cast<std::uint32_t>(random.below(8)), ""});
        text.normalise();
        const auto out = to_styled(text);
        auto read = out.unstyled ? out.body : from_styled(out.body).plain;
        auto expected = text.plain;
        if (read != expected) {  // a block may have been given lines of its own
            std::erase(read, '\n');
            std::erase(expected, '\n');
        }
        ASSERT_EQ(read, expected) << "sent: " << out.body;
        ASSERT_TRUE(service::unicode::valid(out.body));
        // Reading anything never breaks its invariants.
        auto back = from_styled(text.plain);
        const auto same = back;
        back.normalise();
        ASSERT_EQ(back, same);
    }
}

TEST(XmppMarkup, DeepNestingIsBounded) {
    const std::string quotes(50'000, '>');
    EXPECT_FALSE(from_styled(quotes).plain.empty());
    std::string marks;
    for (int i = 0; i < 2000; ++i) marks += "*_~";
    EXPECT_FALSE(from_styled(marks).plain.empty());
}

TEST(XmppMarkup, MarksThatNobodyClosesAreLookedForOnce) {
    std::string marks;
    for (int i = 0; i < 200'000; ++i) marks += "*a _b ";  // looked for each time, this would take minutes
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(from_styled(marks).plain, marks);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

}  // namespace
}  // namespace parley::xmpp
