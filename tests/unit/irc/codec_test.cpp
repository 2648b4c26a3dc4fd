// Lines in and out.
#include "bridges/irc/codec.h"

#include <gmock/gmock.h>

#include "bridges/irc/isupport.h"

namespace parley::irc {
namespace {

using ::testing::ElementsAre;

TEST(Codec, ReadsTagsSourceAndParameters) {
    const auto line = parse("@msgid=a\\sb\\:c;bot :alice!a@host PRIVMSG #ops :hello  there ");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->tag("msgid"), "a b;c");
    EXPECT_EQ(line->tag("bot"), "");
    EXPECT_EQ(line->nick(), "alice");
    EXPECT_THAT(line->params, ElementsAre("#ops", "hello  there "));
}

TEST(Codec, RefusesWhatIsNoLine) {
    for (const auto* bad : {"", " ", ":only", "@tags-only", ":a @", "PRIV-MSG x"}) EXPECT_FALSE(parse(bad)) << bad;
    EXPECT_FALSE(parse(std::string_view("PING\0x", 6)));
}

TEST(Codec, NothingInAParameterBecomesAnotherLineOrParameter) {
    const Line evil{{{"la\nbel", "x\r\n;y"}}, "", "PRIVMSG", {"#a b\r\nQUIT", std::string("one\r\nQUIT\0two", 13)}};
    const auto bytes = format(evil);
    EXPECT_EQ(bytes.find_first_of(std::string_view("\r\n\0", 3)), std::string::npos);
    const auto again = parse(bytes);
    ASSERT_TRUE(again);
    EXPECT_THAT(again->params, ElementsAre("#a_b__QUIT", "one  QUIT two"));
    EXPECT_EQ(again->tag("label"), "x\r\n;y");
}

TEST(Codec, ALineIsNeverLongerThanTheLimitAndNeverCutInsideACharacter) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "€";
    const auto bytes = format({{}, "", "PRIVMSG", {"#ops", text}});
    EXPECT_LE(bytes.size(), line_bytes_max - 2);
    EXPECT_EQ((bytes.size() - std::string("PRIVMSG #ops ").size()) % 3, 0u);
}

TEST(Codec, SplitsAtLineBreaksThenSpacesThenCharacters) {
    EXPECT_THAT(split("one\ntwo", 20), ElementsAre("one", "two"));
    EXPECT_THAT(split("alpha beta gamma", 11), ElementsAre("alpha beta", "gamma"));
    EXPECT_THAT(split("ééé", 5), ElementsAre("éé", "é"));
    EXPECT_THAT(split("\r\n\n", 5), ElementsAre());
}

TEST(Codec, ReadsAStreamInAnyPieces) {
    const std::string stream = "PING :a\r\nPING :b\nPING :c\r\n";
    for (std::size_t step = 1; step < stream.size(); ++step) {
        LineReader reader;
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < stream.size(); at += step)
            reader.feed(std::string_view(stream).substr(at, step), [&](std::string_view line) {
                lines.emplace_back(line);
                return true;
            });
        EXPECT_THAT(lines, ElementsAre("PING :a", "PING :b", "PING :c")) << step;
    }
}

TEST(Codec, DropsAnOverlongLineWholeAndGoesOn) {
    LineReader reader;
    std::vector<std::string> lines;
    reader.feed(std::string(input_bytes_max + 1, 'x') + "\r\nPING :a\r\n", [&](std::string_view line) {
        lines.emplace_back(line);
        return true;
    });
    EXPECT_THAT(lines, ElementsAre("PING :a"));
    EXPECT_EQ(reader.dropped(), 1u);
}

TEST(Codec, Base64MatchesTheStandardsExamples) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Isupport, NamesCompareAsTheServerSays) {
    Isupport is;
    EXPECT_TRUE(is.same("#Ops[~]", "#oPS{^}"));
    is.apply("CASEMAPPING=ascii");
    EXPECT_FALSE(is.same("[", "{"));
    is.apply("CASEMAPPING=strict-rfc1459");
    EXPECT_TRUE(is.same("[", "{"));
    EXPECT_FALSE(is.same("~", "^"));
}

TEST(Isupport, OddTokensAreHarmless) {
    Isupport is;
    for (const auto* odd : {"", "=", "-", "PREFIX=(ov", "PREFIX=(ov)@", "NICKLEN=x", "NICKLEN=99999999999999999999999", "TARGMAX=,,:"})
        is.apply(odd);
    EXPECT_EQ(is.prefix_symbols, "@+");
    is.apply("TARGMAX=JOIN:,PRIVMSG:4");
    EXPECT_EQ(is.targets_of("PRIVMSG", 1), 4u);
    EXPECT_EQ(is.targets_of("JOIN", 1), 16u);
    is.apply("-NICKLEN");
    EXPECT_EQ(is.nick_length, 0u);
}

}  // namespace
}  // namespace parley::irc
