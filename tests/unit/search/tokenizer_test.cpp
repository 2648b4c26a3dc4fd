// What chat text can be found by.
#include "indexer/search/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::search {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Not;
using testing::SizeIs;

TEST(Tokenizer, FindsPlainWordsWhateverTheirCase) {
    EXPECT_THAT(terms("Hello, WORLD!"), testing::ElementsAre("hello", "world"));
}

TEST(Tokenizer, KeepsAPathWholeAndFindsItsParts) {
    EXPECT_THAT(terms("see /usr/lib/libfoo.so, ok"), AllOf(Contains("/usr/lib/libfoo.so"), Contains("libfoo.so"), Contains("usr"), Contains("so")));
}

TEST(Tokenizer, FindsAnAddressWithAndWithoutItsPort) {
    EXPECT_THAT(terms("10.0.0.1:8080 refused"), AllOf(Contains("10.0.0.1:8080"), Contains("10.0.0.1"), Contains("8080")));
}

TEST(Tokenizer, SplitsIdentifiers) {
    EXPECT_THAT(terms("call getUserName or parse_http_header"),
                AllOf(Contains("getusername"), Contains("user"), Contains("parse_http_header"), Contains("header")));
    EXPECT_THAT(terms("HTTPServer"), AllOf(Contains("http"), Contains("server"), Contains("httpserver")));
    EXPECT_THAT(terms("std::vector<int>"), AllOf(Contains("std"), Contains("vector"), Contains("int")));
}

TEST(Tokenizer, KeepsErrorCodesIssueNumbersAndOperators) {
    EXPECT_THAT(terms("E0308 in #123: a -> b"), AllOf(Contains("e0308"), Contains("#123"), Contains("123"), Contains("->")));
    EXPECT_THAT(terms("a → b"), Contains("→"));
}

TEST(Tokenizer, FindsALinkByItsHost) {
    EXPECT_THAT(terms("https://wiki.example.org/Disk?x=1"), AllOf(Contains("wiki.example.org"), Contains("disk"), Contains("https://wiki.example.org/disk?x=1")));
}

TEST(Tokenizer, FindsALongHashByItsBeginning) {
    EXPECT_THAT(terms("fixed in 3f2a9bc04d5e6f708192a3b4c5d6e7f801234567"), AllOf(Contains("3f2a9bc"), Contains("3f2a9bc0")));
}

TEST(Tokenizer, FindsEmojiAndChineseJapaneseKorean) {
    EXPECT_THAT(terms("done 🎉🎉"), Contains("🎉"));
    EXPECT_THAT(terms("日本語"), AllOf(Contains("日"), Contains("日本"), Contains("本語"), Not(Contains("日本語"))));
}

TEST(Tokenizer, FindsWordsWithAndWithoutDiacritics) { EXPECT_THAT(terms("Crème"), AllOf(Contains("crème"), Contains("creme"))); }

TEST(Tokenizer, EndsAtItsLimits) {
    EXPECT_THAT(terms(std::string(1000, 'x')), SizeIs(0));
    std::string many;
    for (int i = 0; i < 20000; ++i) many += "w" + std::to_string(i) + " ";
    EXPECT_THAT(terms(many), SizeIs(terms_per_text_max));
}

TEST(Tokenizer, SaysWhereEachWordIs) {
    const auto found = words("Ab, cd");
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[1], (Word{"cd", 4, 6}));
}

}  // namespace
}  // namespace parley::search
