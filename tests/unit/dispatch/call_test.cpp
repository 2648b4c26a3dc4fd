// Which messages are commands.
#include "broker/dispatch/call.h"

#include <gtest/gtest.h>

namespace parley::dispatch {
namespace {

std::string called(const bus::Text& text, std::string_view prefix = "!") {
    const auto call = find_call(text, prefix, "Parley");
    return call ? call->name + "|" + call->arguments : "talk";
}

TEST(Call, IsWhatBeginsWithThePrefixAndALetter) {
    EXPECT_EQ(called("!uptime"), "uptime|");
    EXPECT_EQ(called("!Deploy prod"), "deploy| prod");
    EXPECT_EQ(called("!deploy\n--env prod"), "deploy|\n--env prod");
    EXPECT_EQ(called("!get <http://x.org|x.org>"), "get| x.org");
    EXPECT_EQ(called("??uptime", "??"), "uptime|");
    EXPECT_EQ(called("!über x"), "über| x");
}

TEST(Call, IsNotWhatOnlyLooksLikeOne) {
    for (const char* talk :
         {"!", "!!", "!!uptime", "! uptime", "!1", " !uptime", "uptime", "well !uptime", "!?", "", "wow!uptime"}) {
        EXPECT_EQ(called(talk), "talk") << talk;
    }
    EXPECT_EQ(called("!\xff"), "talk");
}

TEST(Call, IsWhatIsSaidToTheBotByName) {
    EXPECT_EQ(called("parley: uptime -p"), "uptime| -p");
    EXPECT_EQ(called("PARLEY, uptime"), "uptime|");
    EXPECT_EQ(called("@parley uptime"), "uptime|");
    EXPECT_EQ(called("@parley: !uptime"), "uptime|");
    EXPECT_EQ(called("parley is nice"), "talk");
    EXPECT_EQ(called("parleys: uptime"), "talk");
    EXPECT_EQ(called("parley:"), "talk");
    EXPECT_EQ(called("@parley"), "talk");
    EXPECT_EQ(called("parley: :-)"), "talk");
}

TEST(Call, IsWhatBeginsWithAMentionSpanOfTheBot) {
    using Kind = bus::Span::Kind;
    EXPECT_EQ(called(bus::Text("Parley uptime", {{Kind::mention, 0, 6, ""}})), "uptime|");
    EXPECT_EQ(called(bus::Text("the bot: uptime", {{Kind::mention, 0, 7, "parley@localhost"}})), "uptime|");
    EXPECT_EQ(called(bus::Text("alice uptime", {{Kind::mention, 0, 5, "alice"}})), "talk");
    EXPECT_EQ(called(bus::Text("ask parley uptime", {{Kind::mention, 4, 6, "parley"}})), "talk");
}

}  // namespace
}  // namespace parley::dispatch
