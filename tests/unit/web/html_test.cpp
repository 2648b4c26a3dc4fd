// Strangers' text on the page: always text, never markup.
#include <gmock/gmock.h>

#include "tests/unit/web/fake_bus.h"
#include "web/pages/rich_text.h"
#include "web/pages/search_form.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

using bus::Span;
using bus::Value;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, EscapesWhateverIsNotMarkupOfOurs) {
    EXPECT_EQ(markup("<b title=\"{}\">{}</b>", {"\"><script>", "<i>&'"}).text(),
              "<b title=\"&quot;&gt;&lt;script&gt;\">&lt;i&gt;&amp;&#39;</b>");
}

TEST(Html, ShowsBrokenUtf8AndControlCharactersAsReplacements) {
    EXPECT_EQ(escaped("a\xff\x01z").text(), "a\uFFFD\uFFFDz");
}

TEST(RichText, NestsSpansThatCrossEachOther) {
    EXPECT_EQ(rich_text({"abcd", {{Span::Kind::bold, 0, 3, ""}, {Span::Kind::italic, 1, 3, ""}}}).text(),
              "<strong>a<em>bc</em></strong><em>d</em>");
}

TEST(RichText, StaysSmallWhateverCrosses) {
    bus::Text text(std::string(20'000, 'a'));
    for (std::uint32_t i = 0; i < 10'000; ++i) text.spans.push_back({Span::Kind::bold, i, 10'000, ""});
    const auto html = rich_text(text).text();
    EXPECT_LT(html.size(), 1'000'000U);  // each opened again at each border it would be gigabytes
    EXPECT_EQ(std::count(html.begin(), html.end(), 'a'), 20'000);
}

TEST(RichText, MakesLinksOfAddressesButNotOfScripts) {
    EXPECT_THAT(rich_text({"see https://a.example/x?y=1&z."}).text(),
                HasSubstr("<a href=\"https://a.example/x?y=1&amp;z\" rel=\"noopener noreferrer nofollow\">"));
    EXPECT_THAT(rich_text({"here", {{Span::Kind::link, 0, 4, "javascript:alert(1)"}}}).text(),
                Not(HasSubstr("href")));
    EXPECT_THAT(rich_text({"`http://a/`", {{Span::Kind::code, 0, 11, ""}}}).text(), Not(HasSubstr("href")));
}

TEST(Timeline, FoldsEditsRedactionsAndReactionsIntoTheirMessage) {
    const auto first = testing::message(1, "lobby", "#ops", "ann", "helo");
    const auto second = testing::message(2, "lobby", "#ops", "bob", "secret");
    const auto about = [](std::int64_t sequence, const char* kind, const Value& target, Value::Map more) {
        Value event = testing::message(sequence, "lobby", "#ops", "ann", "hello");
        event.set("kind", kind).set("target", Value::map({{"event", target["id"]}}));
        for (auto& [name, value] : more) event.set(name, value);
        return event;
    };
    const auto html = timeline({first, second, about(3, "edit", first, {}), about(4, "redaction", second, {}),
                                about(5, "reaction", first, {{"emoji", "👍"}, {"added", true}})},
                               {})
                          .text();
    EXPECT_THAT(html, HasSubstr("<span class=\"text\">hello</span>"));
    EXPECT_THAT(html, HasSubstr("edited"));
    EXPECT_THAT(html, Not(HasSubstr("secret")));
    EXPECT_THAT(html, HasSubstr("👍 <span>1</span>"));
}

TEST(Timeline, CountsAReactionOncePerPersonAndPressesTheReadersOwn) {
    const auto said = testing::message(1, "web", "ops", "ann", "done");
    std::vector<Value> events{said};
    const auto react = [&](const char* account, const char* who, bool added) {
        Value event = testing::message(static_cast<std::int64_t>(events.size()) + 1, account, "ops", who, "");
        event.set("kind", "reaction").set("target", Value::map({{"event", said["id"]}}));
        events.push_back(event.set("emoji", "👍").set("added", added));
    };
    TimelineOptions bobs;
    bobs.own_id = "bob";
    react("web", "bob", true);
    react("web", "bob", true);
    react("work", "bob", true);
    EXPECT_THAT(timeline(events, bobs).text(), HasSubstr("title=\"bob, bob\" aria-pressed=\"true\">👍 <span>2</span>"));
    react("web", "bob", false);
    EXPECT_THAT(timeline(events, bobs).text(), HasSubstr("title=\"bob\" aria-pressed=\"false\">👍 <span>1</span>"));
    react("work", "bob", false);
    EXPECT_THAT(timeline(events, bobs).text(), Not(HasSubstr("👍 <span>")));
}

TEST(Timeline, OffersEditingOnlyToWhoWroteIt) {
    const auto own = testing::message(1, "web", "ops", "operator", "mine");
    const auto same_name_elsewhere = testing::message(2, "lobby", "#ops", "operator", "not mine");
    TimelineOptions options;
    options.own_id = "operator";
    EXPECT_THAT(timeline({own}, options).text(), HasSubstr("data-do=\"edit\""));
    EXPECT_THAT(timeline({same_name_elsewhere}, options).text(), Not(HasSubstr("data-do=\"edit\"")));
}

TEST(SearchPage, MarksTheColumnWhereTheQueryIsWrong) {
    SearchView view;
    view.query = "disk (full";
    view.error = service::Error{service::Code::invalid, "at character 6 of the query: this parenthesis is not closed", "close it"};
    EXPECT_THAT(search_view(view).text(), HasSubstr("<code>disk <mark>(full</mark></code>"));
}

TEST(SearchPage, TurnsAFacetIntoAWordOfTheQueryAndTakesItAwayAgain) {
    SearchView view;
    view.query = "disk";
    view.answer = Value::map(
        {{"total", 1},
         {"hits", Value::List{}},
         {"facets", Value::map({{"room", Value::List{Value::map({{"value", "lobby/#ops"}, {"count", 3}})}}})}});
    EXPECT_THAT(search_view(view).text(), HasSubstr("q=disk%20in%3Alobby%2F%23ops"));
    view.query = "disk in:lobby/#ops";
    EXPECT_THAT(search_view(view).text(), HasSubstr("class=\"on\" aria-current=\"true\" href=\"/search?q=disk\""));
}

TEST(SearchPage, PutsExactDaysIntoTheQueryInsteadOfThoseThatItHad) {
    EXPECT_EQ(with_days("disk", "2026-11-01", ""), "disk after:2026-11-01");
    EXPECT_EQ(with_days("disk after:2026-11-01 \"a after:b\"", "", "2026-11-20"), "disk \"a after:b\" before:2026-11-20");
    EXPECT_EQ(with_days("disk before:today after:yesterday", "", ""), "disk");
    EXPECT_EQ(with_days("", "2026-11-01", "2026-11-02"), "after:2026-11-01 before:2026-11-02");
}

TEST(SearchPage, FiltersEveryAlternativeOfAQuery) {
    EXPECT_EQ(with_days("disk OR volume", "2026-11-01", ""), "(disk OR volume) after:2026-11-01");
    EXPECT_EQ(with_days("(disk OR volume) full", "2026-11-01", ""), "(disk OR volume) full after:2026-11-01");
}

TEST(SearchPage, ShowsTheDaysOfTheQueryInTheCalendar) {
    SearchView view;
    view.query = "disk after:2026-11-01T09:30";
    view.answer = Value::map({{"total", 0}, {"hits", Value::List{}}});
    EXPECT_THAT(search_view(view).text(), HasSubstr("name=\"after\" value=\"2026-11-01\""));
    EXPECT_THAT(search_view(view).text(), HasSubstr("name=\"before\" value=\"\""));
    EXPECT_THAT(search_view(view).text(), HasSubstr("<input type=\"hidden\" name=\"q\" value=\"disk\">"));
}

TEST(RunPage, ShowsExactlyWhatWasRunAndEveryLine) {
    Value run = Value::map({{"requested", testing::message(1, "lobby", "#ops", "ann", "")},
                            {"finished", Value::map({{"outcome", "failed"}, {"exit_code", 3}, {"took_us", 1500000}})},
                            {"output", Value::List{Value::map({{"stream", "err"}, {"data", "no <such> file\n"}})}}});
    Value requested = run["requested"];
    requested.set("raw", "!deploy 'x y'")
        .set("command", "deploy")
        .set("action", Value::map({{"argv", Value::List{"/bin/deploy", "x y"}}}));
    run.set("requested", requested);
    const auto html = run_view(run, {}).text();
    EXPECT_THAT(html, HasSubstr("/bin/deploy &#39;x y&#39;"));
    EXPECT_THAT(html, HasSubstr("<span class=\"err\">no &lt;such&gt; file\n</span>"));
    EXPECT_THAT(html, HasSubstr("<dd>3</dd>"));
}

}  // namespace
}  // namespace parley::pages
