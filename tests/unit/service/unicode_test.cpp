#include "broker/service/unicode.h"

#include <gmock/gmock.h>

#include "broker/service/random.h"

namespace parley::service::unicode {
namespace {

TEST(Unicode, TellsUtf8FromOtherBytes) {
    EXPECT_TRUE(valid("héllo 👍🏽 \0x"));
    EXPECT_FALSE(valid("\xff"));
    EXPECT_FALSE(valid("\xc3"));
    EXPECT_FALSE(valid("\xed\xa0\x80"));  // a surrogate
    EXPECT_FALSE(valid("\xc0\xaf"));      // an overlong slash
}

TEST(Unicode, RepairsAnyBytes) {
    EXPECT_EQ(repaired("a\xff" "b"), "a\xEF\xBF\xBD" "b");
    SeededRandom random(3);
    for (int i = 0; i < 500; ++i) {
        std::string bytes(random.below(40), '\0');
        random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
        ASSERT_TRUE(valid(repaired(bytes)));
    }
}

TEST(Unicode, NeverCutsAGraphemeThatFits) {
    const std::string family = "👨‍👩‍👧";  // 18 bytes, one character to people
    EXPECT_EQ(prefix_within(family + "x", 18), 18U);
    EXPECT_EQ(prefix_within("x" + family, 18), 1U);
    EXPECT_EQ(prefix_within("e\xCC\x81" "b", 3), 3U);
    EXPECT_EQ(prefix_within("e\xCC\x81" "b", 2), 1U);  // the grapheme does not fit: cut between code points
    EXPECT_EQ(prefix_within("short", 100), 5U);
    EXPECT_EQ(prefix_within("é", 1), 0U);
}

TEST(Unicode, FindsGraphemesInAsciiAndBesideIt) {
    EXPECT_EQ(grapheme_end("ab", 0), 1U);
    EXPECT_EQ(grapheme_end("a", 0), 1U);
    EXPECT_EQ(grapheme_end("\r\n", 0), 2U);
    EXPECT_EQ(grapheme_end("\r", 0), 1U);
    EXPECT_EQ(grapheme_end("\n\xCC\x81", 0), 1U) << "nothing is joined to a line break";
    EXPECT_EQ(grapheme_end("e\xCC\x81", 0), 3U);
    EXPECT_EQ(grapheme_end("1\uFE0F\u20E3", 0), 7U) << "a key cap";
}

TEST(Unicode, FoldsCaseAndMarks) {
    EXPECT_EQ(folded("ABC xyz-09\t_[`"), "abc xyz-09\t_[`");
    EXPECT_EQ(without_marks("ABC"), "abc");
    EXPECT_EQ(folded("STRASSE Ünï"), folded("straße ünï"));
    EXPECT_EQ(without_marks("Crème Brûlée"), "creme brulee");
}

TEST(Unicode, KnowsWhatSearchAsks) {
    EXPECT_TRUE(is_wide_script(U'漢'));
    EXPECT_TRUE(is_emoji(U'👍'));
    EXPECT_FALSE(is_emoji(U'3'));
    EXPECT_EQ(classify(U'≤'), Class::symbol);
    EXPECT_TRUE(is_upper(U'Ä'));
}

}  // namespace
}  // namespace parley::service::unicode
