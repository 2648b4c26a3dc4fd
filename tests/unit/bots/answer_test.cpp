// The last words about a run.
#include "broker/bots/answer.h"

#include <gmock/gmock.h>

namespace parley::bots {
namespace {

using bus::Outcome;
using testing::HasSubstr;
using namespace std::chrono_literals;

End end(Outcome outcome) {
    End e;
    e.outcome = outcome;
    e.took = 1200ms;
    e.output_bytes = 100;
    return e;
}

std::string closing(const End& e) { return closing_line("deploy", e, place_of({}, "http://x", "!")); }

TEST(ClosingLine, IsNotThereWhenTheOutputSaysItAll) { EXPECT_EQ(closing(end(Outcome::succeeded)), ""); }

TEST(ClosingLine, SaysWhereTheRestIs) {
    auto e = end(Outcome::succeeded);
    e.hidden_lines = 32;
    EXPECT_EQ(closing(e), "… 32 more lines — http://x/run/" + bus::EventId{}.brief());
    e.hidden_lines = 0;
    e.truncated = true;
    EXPECT_THAT(closing(e), HasSubstr("output cut off after 100 bytes"));
}

TEST(ClosingLine, GivesNoLinkToAPageThatNobodyMaySee) {
    auto e = end(Outcome::succeeded);
    e.hidden_lines = 1;
    EXPECT_EQ(closing_line("deploy", e, place_of({}, "", "!")), "… 1 more line — `!show " + bus::EventId{}.brief() + "`");
}

TEST(ClosingLine, SaysThatSomethingWasDone) {
    auto e = end(Outcome::succeeded);
    e.output_bytes = 0;
    EXPECT_EQ(closing(e), "`deploy` is done, without output (1.2 s)");
    e = end(Outcome::succeeded);
    e.took = 34s;
    EXPECT_EQ(closing(e), "`deploy` is done after 34.0 s");
}

TEST(ClosingLine, SaysWhatWentWrong) {
    auto failed = end_from(3 << 8);
    EXPECT_EQ(failed.exit_code, 3);
    failed.took = 1200ms;
    EXPECT_THAT(closing(failed), HasSubstr("`deploy` failed after 1.2 s: exit 3"));
    EXPECT_THAT(end_from(9).detail, HasSubstr("killed by signal 9"));
    EXPECT_EQ(end_from(0).outcome, Outcome::succeeded);
    EXPECT_THAT(closing(end(Outcome::cancelled)), HasSubstr("was cancelled after 1.2 s"));
}

}  // namespace
}  // namespace parley::bots
