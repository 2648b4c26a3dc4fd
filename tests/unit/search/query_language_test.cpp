// The query language, and what it says about mistakes.
#include "indexer/search/query_language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::search {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const service::Time now = *service::parse_iso8601("2026-11-23T12:00:00Z");

std::string tree(std::string_view text) {
    const auto node = parse_query(text, now);
    return node ? to_text(*node) : node.error().text();
}

TEST(QueryLanguage, ReadsWordsPhrasesAndNegation) {
    EXPECT_EQ(tree("Disk full"), "(all disk full)");
    EXPECT_EQ(tree("\"no space left\" -swap"), "(all (phrase \"no space left\") (none swap))");
    EXPECT_EQ(tree("  "), "*");
    EXPECT_EQ(tree("-(a b)"), "(none (all a b))");
}

TEST(QueryLanguage, BindsOrLooserThanAnd) {
    EXPECT_EQ(tree("a b OR c"), "(any (all a b) c)");
    EXPECT_EQ(tree("a (b OR c)"), "(all a (any b c))");
    EXPECT_EQ(tree("or ORDER"), "(all or order)");
}

TEST(QueryLanguage, ReadsTokensOfOperations) {
    EXPECT_EQ(tree("/usr/lib"), "(token /usr/lib)");
    EXPECT_EQ(tree("10.0.0.1:8080"), "(token 10.0.0.1:8080)");
    EXPECT_EQ(tree("std::map https://a.b/c"), "(all (token std::map) (token https://a.b/c))");
    EXPECT_EQ(tree("#12 main() -> x"), "(all (token #12) (token main() (token ->) x)");
}

TEST(QueryLanguage, ReadsFields) {
    EXPECT_EQ(tree("from:Alice in:#ops kind:run"), "(all from:alice in:#ops kind:run)");
    EXPECT_EQ(tree("from:\"Alice B\" x"), "(all from:alice b x)");
    EXPECT_EQ(tree("-outcome:failed"), "(none outcome:failed)");
}

TEST(QueryLanguage, ReadsTimes) {
    EXPECT_EQ(tree("on:2026-11-01"), "(time 2026-11-01T00:00:00Z 2026-11-02T00:00:00Z)");
    EXPECT_EQ(tree("before:2026-11-01"), "(time .. 2026-11-01T00:00:00Z)");
    EXPECT_EQ(tree("after:2026-11-01T09:30"), "(time 2026-11-01T09:30:00Z ..)");
    EXPECT_EQ(tree("last:2h"), "(time 2026-11-23T10:00:00Z ..)");
}

TEST(QueryLanguage, NamesThePlaceOfAMistakeAndWhatToDo) {
    EXPECT_THAT(tree("disk \"full"), AllOf(StartsWith("at character 6 of the query: "), HasSubstr("never closed")));
    EXPECT_THAT(tree("é (a"), StartsWith("at character 3 of the query: this ( is never closed"));
    EXPECT_THAT(tree("a ) b"), StartsWith("at character 3 of the query: this ) closes nothing"));
    EXPECT_THAT(tree("a OR"), StartsWith("at character 5 of the query: something to look for is missing"));
    EXPECT_THAT(tree("form:alice"), HasSubstr("did you mean from:"));
    EXPECT_THAT(tree("before:noon"), AllOf(StartsWith("at character 8 of the query: "), HasSubstr("before:2026-11-01")));
    EXPECT_THAT(tree("last:5"), HasSubstr("last:2h"));
    EXPECT_THAT(tree("ab*"), HasSubstr("at least 3"));
    EXPECT_THAT(tree("from:"), HasSubstr("has no value"));
    EXPECT_THAT(tree("a\xff"), HasSubstr("UTF-8"));
}

TEST(QueryLanguage, NamesTheKnownValuesOfAFieldThatHasOnlySome) {
    EXPECT_THAT(tree("disk outcome:failled"), AllOf(StartsWith("at character 14 of the query: there is no outcome \"failled\""), HasSubstr("did you mean outcome:failed?")));
    EXPECT_THAT(tree("outcome:weird"), AllOf(StartsWith("at character 9 of"), HasSubstr("use one of: succeeded, failed, timed_out, cancelled, denied, lost, running")));
    EXPECT_THAT(tree("kind:nope"), AllOf(StartsWith("at character 6 of"), HasSubstr("use one of: message, run, topic")));
    EXPECT_EQ(tree("kind:Run -outcome:timed_out"), "(all kind:run (none outcome:timed_out))");
    for (const auto& row : fields()) {
        for (const auto value : row.values) EXPECT_EQ(tree(std::string(row.name) + ":" + std::string(value)), std::string(row.name) + ":" + std::string(value));
    }
}

TEST(QueryLanguage, SaysOfAnUnknownFieldThatItWasLookedForAsText) {
    const auto hints = [](std::string_view query) {
        std::vector<std::string> out;
        EXPECT_TRUE(parse_query(query, now, &out)) << query;
        return out;
    };
    EXPECT_THAT(hints("disk bogus:x"), testing::ElementsAre(AllOf(StartsWith("at character 6 of the query: there is no field bogus:"), HasSubstr("the fields are from: in: platform: kind:"))));
    for (const auto* text : {"https://example.org", "std::map", "host:8080", "10.0.0.1:80", "\"bogus:x\"", "a:b", "outcome:failed"}) EXPECT_THAT(hints(text), testing::IsEmpty()) << text;
}

TEST(QueryLanguage, RefusesMoreThanItsLimits) {
    EXPECT_EQ(parse_query(std::string(513, 'a'), now).error().code, service::Code::limit);
    std::string words;
    for (int i = 0; i < 33; ++i) words += "a ";
    EXPECT_THAT(tree(words), HasSubstr("more than 32 words"));
    EXPECT_THAT(tree("aaa* bbb* ccc* ddd* eee*"), HasSubstr("more than 4 words with *"));
    EXPECT_THAT(tree(std::string(100, '(') + "a" + std::string(100, ')')), HasSubstr("parentheses"));
    EXPECT_EQ(tree("((((((((a))))))))"), "a");
}

TEST(QueryLanguage, DocumentsEveryField) {
    for (const auto& row : fields()) EXPECT_THAT(query_help(), HasSubstr(std::string(row.example)));
}

}  // namespace
}  // namespace parley::search
