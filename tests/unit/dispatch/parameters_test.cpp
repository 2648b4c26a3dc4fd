// Typed parameters; the table holds what other bots got wrong (Hubot's "VPN: down", StackStorm's "=" in an
// address).
#include "broker/dispatch/parameters.h"

#include <gmock/gmock.h>

namespace parley::dispatch {
namespace {

using testing::ElementsAre;
using Type = Parameter::Type;

Parameter a(std::string name, Type type = Type::text, bool required = true) {
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.type = type;
    parameter.required = required;
    return parameter;
}

std::string bound(const std::vector<Parameter>& parameters, std::string_view arguments) {
    const auto values = bind_values(parameters, arguments);
    if (!values) return values.error().text();
    std::string out;
    for (const auto& [name, value] : *values) out += (out.empty() ? "" : " ") + name + "=<" + value + ">";
    return out;
}

TEST(Parameters, AreGivenByPlaceOrByName) {
    const std::vector<Parameter> ticket{a("title"), a("url", Type::text, false)};
    for (const auto& [typed, expected] : std::vector<std::pair<std::string, std::string>>{
             {R"(--title "VPN: down" --url https://x/y)", "title=<VPN: down> url=<https://x/y>"},
             {R"(--url https://x/y --title "VPN: down")", "title=<VPN: down> url=<https://x/y>"},
             {R"("VPN: down" https://x/y)", "title=<VPN: down> url=<https://x/y>"},
             {R"(--url=https://x/?a=b&c=d:e t)", "title=<t> url=<https://x/?a=b&c=d:e>"},
             {"t https://x/?q=a=b", "title=<t> url=<https://x/?q=a=b>"},
             {"\n--title x", "title=<x>"},
             {"key:value", "title=<key:value>"},
             {"a=b", "title=<a=b>"},
             {"—title “so so”", "title=<so so>"},
             {"--title ''", "title=<>"},
         }) {
        EXPECT_EQ(bound(ticket, typed), expected) << typed;
    }
}

TEST(Parameters, SayExactlyWhatIsWrong) {
    const std::vector<Parameter> ticket{a("title"), a("url", Type::text, false), a("force", Type::flag, false)};
    for (const auto& [typed, expected] : std::vector<std::pair<std::string, std::string>>{
             {"", "`title` is missing"},
             {"foo bar baz", "`baz` is one argument too many"},
             {"--titel x", "there is no option `--titel`; did you mean `--title`?"},
             {"--title", "`--title` needs a value"},
             {"--title --force", "`--title` needs a value"},
             {"--title a --title b", "`title` is given twice"},
             {"--force=yes x", "`--force` takes no value"},
             {"-v", "there is no option `-v` (put -- before it if it is a value)"},
             {"'open", "the quote opened at character 1 of the arguments is never closed (close it, or put a \\ before it)"},
             {"   fine 'open", "the quote opened at character 6 of the arguments is never closed (close it, or put a \\ before it)"},
             {"-- -v", "`title` must not begin with \"-\""},
             {"\"--title\"", "`title` must not begin with \"-\""},
         }) {
        EXPECT_EQ(bound(ticket, typed), expected) << typed;
    }
}

TEST(Parameters, EndTheirOptionsAtTwoDashes) {
    auto free = a("text");
    free.may_begin_with_dash = true;
    EXPECT_EQ(bound({free}, "-- --text"), "text=<--text>");
    EXPECT_EQ(bound({free}, "\"--text\""), "text=<--text>");
    EXPECT_EQ(bound({free, a("other")}, "-- a --"), "`other` must not begin with \"-\"");
}

TEST(Parameters, OfTypeIntegerHaveLimits) {
    auto count = a("count", Type::integer);
    count.least = -5;
    count.most = 10;
    EXPECT_EQ(bound({count}, "10"), "count=<10>");
    EXPECT_EQ(bound({count}, "-5"), "count=<-5>");
    EXPECT_EQ(bound({count}, "11"), "`count` must be from -5 to 10, not `11`");
    EXPECT_EQ(bound({count}, "ten"), "`count` must be a whole number, not `ten`");
    EXPECT_EQ(bound({count}, "1.5"), "`count` must be a whole number, not `1.5`");
    EXPECT_EQ(bound({count}, "''"), "`count` must be a whole number, not ``");
    EXPECT_EQ(bound({count}, "99999999999999999999"), "`count` must be from -5 to 10, not `99999999999999999999`");
}

TEST(Parameters, OfTypeEnumNameWhatTheyMayBe) {
    auto env = a("env", Type::one_of);
    env.values = {"staging", "prod"};
    EXPECT_EQ(bound({env}, "prod"), "env=<prod>");
    EXPECT_EQ(bound({env}, "stg"), "`env` must be one of staging, prod, not `stg`");
}

TEST(Parameters, WithAPatternMustMatchItWhole) {
    auto host = a("host");
    host.pattern = "[a-z]+(\\.[a-z]+)*";
    host.compiled = *compile(host.pattern);
    EXPECT_EQ(bound({host}, "db.example.org"), "host=<db.example.org>");
    EXPECT_THAT(bound({host}, "db;reboot"), testing::StartsWith("`host` must match"));
    EXPECT_THAT(bound({host}, std::string(300, 'a')), testing::StartsWith("`host` must have at most 256 bytes"));
}

TEST(Parameters, MatchAHostilePatternAndValueInShortTime) {
    auto evil = a("x");
    evil.pattern = "(a+)+b";
    evil.compiled = *compile(evil.pattern);
    EXPECT_THAT(bound({evil}, std::string(255, 'a')),
                testing::StartsWith("`x` must match"));  // would take 2^255 steps
    EXPECT_FALSE(compile("(").has_value());
    EXPECT_FALSE(compile(std::string(257, 'a')).has_value());
}

TEST(Parameters, OfTypeRestTakeWhatFollowsAsTyped) {
    EXPECT_EQ(bound({a("query", Type::rest)}, "  from:bob “disk full” -don't  "),
              "query=<from:bob \"disk full\" -don't>");
    EXPECT_EQ(bound({a("to"), a("text", Type::rest)}, "bob it's \"fine\" --really"),
              "the quote opened at character 7 of the arguments is never closed (close it, or put a \\ before it)");
    EXPECT_EQ(bound({a("to"), a("text", Type::rest)}, "bob \"fine\" --really"), "to=<bob> text=<\"fine\" --really>");
    EXPECT_EQ(bound({a("query", Type::rest)}, " "), "`query` is missing");
}

TEST(Parameters, TakeTheirDefaults) {
    auto env = a("env", Type::text, false);
    env.fallback = "staging";
    EXPECT_EQ(bound({env, a("n", Type::integer, false)}, ""), "env=<staging>");
}

TEST(ArgumentVector, IsFilledByWholeArguments) {
    auto count = a("count", Type::integer, false);
    count.before = "-n";
    const std::vector<Parameter> parameters{a("env"), count, a("force", Type::flag, false)};
    const std::vector<std::string> run{"deploy", "{count}", "--to", "{env}", "{force}", "{literal"};
    EXPECT_THAT(fill(run, parameters, {{"env", "a b; rm -rf /"}}),
                ElementsAre("deploy", "--to", "a b; rm -rf /", "{literal"));
    EXPECT_THAT(fill(run, parameters, {{"env", "{force}"}, {"count", "3"}, {"force", "true"}}),
                ElementsAre("deploy", "-n", "3", "--to", "{force}", "--force", "{literal"));
}

TEST(Usage, ShowsWhatTheDeclarationSays) {
    auto env = a("env", Type::one_of);
    env.values = {"staging", "prod"};
    EXPECT_EQ(
        usage("!", "deploy",
              {env, a("count", Type::integer, false), a("force", Type::flag, false), a("why", Type::rest, false)}),
        "!deploy staging|prod [COUNT] [--force] [WHY…]");
}

TEST(Repeated, RepeatsOnlyAShortHarmlessLine) {
    EXPECT_EQ(repeated("a\r\nb`c"), "`a  b'c`");
    EXPECT_EQ(repeated(std::string(100, 'x')), "`" + std::string(40, 'x') + "…`");
}

}  // namespace
}  // namespace parley::dispatch
