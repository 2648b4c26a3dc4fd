// Control codes and spans.
#include "bridges/irc/markup.h"

#include <gmock/gmock.h>

#include <random>

#include "broker/service/random.h"
#include "broker/service/unicode.h"

namespace parley::irc {
namespace {

using bus::Span;
using Kind = bus::Span::Kind;
using ::testing::ElementsAre;

TEST(Markup, ReadsBoldItalicAndColours) {
    const auto text = to_text("a \x02" "b\x02 \x1d" "c\x0f \x03" "04,05red\x03 x");
    EXPECT_EQ(text.plain, "a b c red x");
    EXPECT_THAT(text.spans, ElementsAre(Span{Kind::bold, 2, 1, ""}, Span{Kind::italic, 4, 1, ""},
                                        Span{Kind::colour, 6, 3, "#ff0000,#7f0000"}));
}

TEST(Markup, DigitsAndCommasAfterAColourStayText) {
    bus::Text text("12,5", {{Kind::colour, 0, 4, "#ff0000"}});
    EXPECT_EQ(to_text(to_irc(text)), text);
    bus::Text comma(",5 apples 7", {{Kind::colour, 0, 1, "#ff0000"}});
    EXPECT_EQ(to_text(to_irc(comma)), comma);
}

TEST(Markup, OldEncodingsAndCutCharactersAreRead) {
    EXPECT_EQ(to_text("caf\xe9").plain, "café");
    EXPECT_EQ(to_text("für 5 \xe2\x82").plain, "für 5 ");
}

TEST(Markup, NoControlCharacterComesThrough) {
    EXPECT_EQ(to_text("a\tb\x07" "c\x7f").plain, "a bc");
    EXPECT_EQ(to_irc(bus::Text("a\rb\x03" "4c")), "ab 4c");
}

TEST(Markup, ALinkShowsItsAddress) {
    EXPECT_EQ(to_irc(bus::Text("here", {{Kind::link, 0, 4, "https://x.example"}})), "here (https://x.example)");
    EXPECT_EQ(to_irc(bus::Text("https://x.example", {{Kind::link, 0, 17, "https://x.example"}})), "https://x.example");
}

TEST(Markup, AnAddressIsShownOnce) {
    const auto linked = [](const std::string& words, const std::string& address) {
        return to_irc(bus::Text(words, {{Kind::link, 0, static_cast<std::uint32_t>(words.size()), address}}));
    };
    EXPECT_EQ(linked("https://x.example", "https://x.example/"), "https://x.example");
    EXPECT_EQ(linked("x.example/a", "https://x.example/a"), "x.example/a");
    EXPECT_EQ(linked("a@x.example", "mailto:a@x.example"), "a@x.example");
    EXPECT_EQ(linked("my.x.example/a", "https://x.example"), "my.x.example/a (https://x.example)");
    EXPECT_EQ(to_irc(bus::Text("here and there", {{Kind::link, 0, 4, "https://x.example"},
                                                  {Kind::link, 9, 5, "https://x.example"}})),
              "here (https://x.example) and there");
}

TEST(Markup, AnyStyledTextSurvivesTheRoundTrip) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    service::SeededRandom random(seed);
    const Kind kinds[] = {Kind::bold, Kind::italic, Kind::underline, Kind::strike, Kind::code, Kind::colour, Kind::spoiler};
    const char* pieces[] = {"a", "7", ",", " ", "é", "€", "😀", "#"};
    const char* colours[] = {"#ff0000", "#00fc00,#000000", "#9cd3ff"};
    for (int round = 0; round < 500; ++round) {
        bus::Text text;
        const auto runs = 1 + random.below(6);
        for (std::uint64_t run = 0; run < runs; ++run) {
            std::string words;
            for (std::uint64_t i = 0; i <= random.below(4); ++i) words += pieces[random.below(8)];
            const Kind kind = kinds[random.below(7)];
            if (random.below(3) == 0) text.append(bus::Text(words));
            else text.append(words, kind, kind == Kind::colour ? colours[random.below(3)] : "");
        }
        const auto once = to_text(to_irc(text));
        ASSERT_EQ(once.plain, text.plain);
        ASSERT_EQ(to_text(to_irc(once)), once);
    }
}

}  // namespace
}  // namespace parley::irc
