// Typed text to words: what a shell, a phone and a chat program do to it.
#include "broker/dispatch/words.h"

#include <gmock/gmock.h>

namespace parley::dispatch {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(std::string_view text) {
    const auto parsed = split(text);
    if (!parsed) return {"error: " + parsed.error().what};
    std::vector<std::string> out;
    for (const auto& word : *parsed) out.push_back(word.text);
    return out;
}

TEST(Words, SeparateAtWhiteSpaceAndLineBreaks) {
    EXPECT_THAT(words(" a  b\tc\nd\r\ne "), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(words("a\u00A0b\u202Fc"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(words(" \n "), ElementsAre());
}

TEST(Words, QuoteAsInAShell) {
    EXPECT_THAT(words(R"(--title "VPN: down" --url https://x/y)"),
                ElementsAre("--title", "VPN: down", "--url", "https://x/y"));
    EXPECT_THAT(words(R"('it is' "a \"b\" \\ \n" c\ d "")"), ElementsAre("it is", R"(a "b" \ \n)", "c d", ""));
    EXPECT_THAT(words(R"(--a="x y"'z')"), ElementsAre("--a=x yz"));
    EXPECT_THAT(words("'two\nlines'"), ElementsAre("two\nlines"));
    EXPECT_THAT(words("one\\\ntwo end\\"), ElementsAre("onetwo", "end\\"));
}

TEST(Words, NeverExpandAnything) {
    EXPECT_THAT(words("$HOME `id` $(id) * ~ ; | & > x"),
                ElementsAre("$HOME", "`id`", "$(id)", "*", "~", ";", "|", "&", ">", "x"));
}

TEST(Words, UndoWhatPhonesDoToQuotesAndDashes) {
    EXPECT_THAT(words("“VPN: down” „so“ ‘a b’"), ElementsAre("VPN: down", "so", "a b"));
    EXPECT_THAT(words("—title x –count 3 a—b"), ElementsAre("--title", "x", "--count", "3", "a—b"));
    EXPECT_THAT(words("— −5"), ElementsAre("--", "-5"));
    EXPECT_THAT(words("don’t ‘don’t stop’"), ElementsAre("don’t", "don’t stop"));
    EXPECT_THAT(words("\"she said “hi”\""), ElementsAre("she said “hi”"));
    EXPECT_THAT(words("--title=“a b”"), ElementsAre("--title=a b"));
}

TEST(Words, SayWhereAnOpenQuoteStands) {
    EXPECT_THAT(words("say \"never closed"), ElementsAre("error: the quote opened at character 5 of the arguments is never closed"));
    EXPECT_THAT(words("é 'x"), ElementsAre("error: the quote opened at character 3 of the arguments is never closed"));
    EXPECT_THAT(words(std::string_view("a\0b", 3)), ElementsAre("error: there is a NUL at character 2 of the arguments"));
    EXPECT_THAT(words(std::string_view("\\\0b", 3)), ElementsAre("error: there is a NUL at character 2 of the arguments"));
}

TEST(Words, KnowWhetherTheyWereQuoted) {
    const auto parsed = *split("--a \"--b\" \\--c");
    EXPECT_TRUE(parsed[0].bare);
    EXPECT_FALSE(parsed[1].bare);
    EXPECT_FALSE(parsed[2].bare);
    EXPECT_EQ(parsed[1].begin, 4U);
}

TEST(AutoLinks, BecomeWhatWasTyped) {
    EXPECT_EQ(without_auto_links("get <http://x.org|x.org> now"), "get x.org now");
    EXPECT_EQ(without_auto_links("<https://x.org/a?b=c&d=e:f>"), "https://x.org/a?b=c&d=e:f");
    EXPECT_EQ(without_auto_links("<https://x/y|https://x/y>"), "https://x/y");
    EXPECT_EQ(without_auto_links("[x.org](http://x.org/) [https://x](https://x)"), "x.org https://x");
    EXPECT_EQ(without_auto_links("<mailto:a@b.org|a@b.org> <mailto:a@b.org>"), "a@b.org a@b.org");
    EXPECT_EQ(without_auto_links("[the page](http://x)"), "http://x");
}

TEST(AutoLinks, LeaveOtherBracketsAlone) {
    EXPECT_EQ(without_auto_links("a < b > c [1] (2) <b> [x](y) <http"), "a < b > c [1] (2) <b> [x](y) <http");
}

}  // namespace
}  // namespace parley::dispatch
