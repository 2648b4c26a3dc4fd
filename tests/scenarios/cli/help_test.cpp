// What the CLI says of itself: help that is enough to use it, the nearest of a slip, exit codes that mean something.
#include <regex>

#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> verbs{"up", "check", "status", "tail", "search", "show", "send", "import", "export", "reindex", "keys"};

// Everything that the table of exit codes says, as numbers.
std::set<int> codes_in(const std::string& text) {
    std::set<int> out;
    const std::regex number("\\b([0-9]+)\\b");
    for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it) out.insert(std::stoi((*it)[1]));
    return out;
}

TEST(Help, NamesEveryVerb) {
    const auto said = parley({"--help"});
    EXPECT_EQ(said.code, good);
    for (const auto& verb : verbs) EXPECT_TRUE(std::regex_search(said.out, std::regex("\n  " + verb + " +[A-Z]"))) << verb << said.out;
    EXPECT_THAT(said.out, HasSubstr("\n  version "));
}

TEST(Help, OfEachVerbHasItsUsageItsOptionsAndTheExitCodes) {
    for (const auto& verb : verbs) {
        const auto said = parley({verb, "--help"});
        EXPECT_EQ(said.code, good) << verb;
        EXPECT_THAT(said.out, AllOf(HasSubstr("usage: parley " + verb), HasSubstr("--settings FILE"), HasSubstr("Exit codes: 0 good"))) << verb;
        EXPECT_EQ(said.err, "") << verb;
    }
    EXPECT_THAT(parley({"import", "--help"}).out, AllOf(HasSubstr("irc-log FILE…"), HasSubstr("--room ACCOUNT/ROOM")));
    EXPECT_THAT(parley({"send", "--help"}).out, Not(HasSubstr("--check"))) << "it would send";
}

TEST(Help, AndTheManPageSayTheSameExitCodesAndVerbs) {
    const auto help = parley({"--help"}).out;
    const auto said = codes_in(help.substr(help.find("Exit codes")));
    EXPECT_EQ(said, (std::set<int>{0, 1, 2, 69, 70, 78}));
    const auto page = read_file(PARLEY_SOURCE_DIR "/tools/packaging/parley.1");
    const auto from = page.find(".SH EXIT STATUS"), to = page.find(".SH", from + 1);
    EXPECT_EQ(codes_in(page.substr(from, to - from)), said);
    for (const auto& verb : verbs) EXPECT_TRUE(std::regex_search(page, std::regex("\n\\.BI? \"?" + verb + "\\b"))) << verb;
}

TEST(Help, VersionIsOneLine) {
    for (const auto* how : {"version", "--version"}) {
        const auto said = parley({how});
        EXPECT_EQ(said.code, good);
        EXPECT_TRUE(std::regex_match(said.out, std::regex("parley [0-9]+\\.[0-9]+\\.[0-9]+\n"))) << said.out;
    }
}

TEST(Help, AnUnknownVerbNamesTheNearest) {
    const auto said = parley({"serach", "x"});
    EXPECT_EQ(said.code, usage);
    EXPECT_EQ(said.err, "parley: unknown verb serach\n  did you mean parley search?\n");
    EXPECT_THAT(parley({"zzzzzz"}).err, HasSubstr("parley --help lists them"));
}

TEST(Help, AnUnknownOptionNamesTheNearest) {
    const auto said = parley({"search", "--ordr", "newest", "x"});
    EXPECT_EQ(said.code, usage);
    EXPECT_THAT(said.err, HasSubstr("did you mean --order?"));
}

TEST(ExitCodes, SayWhatKindOfFailureItIs) {
    const TempFolder folder;
    const auto file = folder.write("parley.toml", fmt::format("[parley]\ndata = \"{}\"\n", (folder.path() / "data").string())).string();
    EXPECT_EQ(parley({"check", "--settings", file}).code, good);
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"search"}, {"search", "--limit", "many", "x"}, {"search", "--order", "oldest", "x"},
                                                 {"show"}, {"show", "a", "b"}, {"send", "web/ops"}, {"import", "irc-log"}, {"import", "pdf", "x"}, {"keys"},
                                                 {"tail", "--from", "yesterday"}, {"export", "--after", "-1"}}) {
        auto words = wrong;
        words.insert(words.end(), {"--settings", file});
        const auto said = parley(words);
        EXPECT_EQ(said.code, usage) << wrong[0] << said.err;
        EXPECT_NE(said.err, "");
    }
    for (const std::vector<std::string>& asked : {std::vector<std::string>{"status"}, {"search", "x"}, {"show", "abcdefgh"}, {"export"}, {"tail"}, {"send", "web/ops", "x"}}) {
        auto words = asked;
        words.insert(words.end(), {"--settings", file});
        const auto said = parley(words);
        EXPECT_EQ(said.code, not_running) << asked[0];
        EXPECT_THAT(said.err, AllOf(HasSubstr("no broker answers at ipc://"), HasSubstr("start it with: parley up"))) << asked[0];
    }
    EXPECT_EQ(parley({"status", "--settings", folder.write("bad.toml", "[parley]\nnaem = \"x\"\n").string()}).code, settings);
    EXPECT_EQ(parley({"send", "nowhere/ops", "x", "--settings", file}).code, failed);
}

}  // namespace
}  // namespace parley::tests
