// Plain text with spans: what is done to the one keeps the other right.
#include "broker/bus/with_code.h"

#include <gmock/gmock.h>

#include "broker/service/random.h"
#include "broker/service/unicode.h"

namespace parley::bus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, AppendedSpansMoveAlong) {
    Text text("see ");
    text.append("log", Span::Kind::link, "https://example.org").append(Text("!", {{Span::Kind::bold, 0, 1, ""}}));
    EXPECT_EQ(text.plain, "see log!");
    EXPECT_THAT(text.spans, ElementsAre(Span{Span::Kind::link, 4, 3, "https://example.org"}, Span{Span::Kind::bold, 7, 1, ""}));
}

TEST(Text, APartCutsItsSpansToFit) {
    const Text text("0123456789", {{Span::Kind::bold, 2, 6, ""}, {Span::Kind::code, 8, 2, ""}});
    EXPECT_EQ(text.part(4, 7), Text("456", {{Span::Kind::bold, 0, 3, ""}}));
    EXPECT_EQ(text.part(8, 99), Text("89", {{Span::Kind::code, 0, 2, ""}}));
    EXPECT_EQ(text.part(50, 60), Text(""));
}

TEST(Text, NormalisingDropsSpansThatMeanNothing) {
    Text text("grün", {{Span::Kind::bold, 3, 1, ""},           // inside ü
                       {Span::Kind::bold, 0, 0, ""},           // empty
                       {Span::Kind::bold, 9, 1, ""},           // outside
                       {Span::Kind::bold, 4, 4294967295U, ""}, // beyond the end, and beyond 32 bits
                       {Span::Kind::italic, 4, 1, ""},
                       {Span::Kind::code, 0, 2, ""},
                       {Span::Kind::bold, 0, 5, ""}});
    text.normalise();
    EXPECT_THAT(text.spans, ElementsAre(Span{Span::Kind::bold, 0, 5, ""}, Span{Span::Kind::code, 0, 2, ""}, Span{Span::Kind::italic, 4, 1, ""}));
}

TEST(Text, NormalisingRepairsWhatIsNotUtf8) {
    Text text(std::string("a\xff"), {{Span::Kind::bold, 0, 2, ""}});
    text.normalise();
    EXPECT_EQ(text.plain, "a\xEF\xBF\xBD");
    EXPECT_THAT(text.spans, IsEmpty());
}

TEST(Text, ShowsCodeInOurOwnSentencesAsASpanWithoutItsMarks) {
    const auto said = with_code("no `uptme`. Did you mean `uptime`? Not ``, and ` alone");
    EXPECT_EQ(said.plain, "no uptme. Did you mean uptime? Not ``, and ` alone");
    EXPECT_THAT(said.spans, ElementsAre(Span{Span::Kind::code, 3, 5, ""}, Span{Span::Kind::code, 23, 6, ""}));
}

// Whatever the spans: after normalise() each can be cut out of the text without breaking a character.
TEST(Text, NormalisingMakesAnythingSafe) {
    const std::uint64_t seed = 20261123;
    SCOPED_TRACE("seed " + std::to_string(seed));
    service::SeededRandom random(seed);
    for (int i = 0; i < 2000; ++i) {
        Text text("añ€😀z");
        for (int s = 0; s < 4; ++s) {
            text.spans.push_back({Span::Kind::bold, static_cast<std::uint32_t>(random.below(14)), static_cast<std::uint32_t>(random.below(14)), ""});
        }
        text.normalise();
        for (const auto& span : text.spans) {
            ASSERT_LE(span.end(), text.plain.size());
            ASSERT_TRUE(service::unicode::valid(text.plain.substr(span.begin, span.length)));
        }
    }
}

}  // namespace
}  // namespace parley::bus
