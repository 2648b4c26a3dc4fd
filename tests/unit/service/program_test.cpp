// What every program does the same: options, exit codes, the last word on exceptions.
#include "broker/service/program.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace parley::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Ran {
    int code = 0;
    Arguments arguments;
    std::string out, err;
};

Ran run(std::vector<std::string> words, std::function<Result<void>()> outcome = [] { return Result<void>(); }, std::string_view takes = {}) {
    Ran ran;
    Program program{"parley-test", "Tests", {{"--account", "NAME", "which account"}, {"--quick", "", "do less"}},
                    [&](const Arguments& arguments) {
                        ran.arguments = arguments;
                        return outcome();
                    },
                    takes};
    words.insert(words.begin(), "parley-test");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    ran.code = main_of(program, static_cast<int>(argv.size()), argv.data());
    ran.out = testing::internal::GetCapturedStdout();
    ran.err = testing::internal::GetCapturedStderr();
    return ran;
}

TEST(Program, HandsItsOptionsOn) {
    const auto ran = run({"--settings", "a.toml", "--account=lobby", "--quick", "--check"});
    EXPECT_EQ(ran.code, exit_good);
    EXPECT_EQ(ran.arguments.settings_path, "a.toml");
    EXPECT_TRUE(ran.arguments.check);
    EXPECT_EQ(option(ran.arguments, "--account"), "lobby");
    EXPECT_TRUE(flag(ran.arguments, "--quick"));
    EXPECT_EQ(option(ran.arguments, "--nothing", "fallback"), "fallback");
}

TEST(Program, ATypoInAnOptionNamesTheNearest) {
    const auto ran = run({"--acount", "x"});
    EXPECT_EQ(ran.code, exit_usage);
    EXPECT_THAT(ran.err, HasSubstr("unknown option --acount"));
    EXPECT_THAT(ran.err, HasSubstr("did you mean --account?"));
}

TEST(Program, AnOptionWithoutItsValueIsAnError) {
    EXPECT_THAT(run({"--account"}).err, HasSubstr("--account needs a value"));
}

TEST(Program, TakesWordsOnlyIfItSaysSo) {
    EXPECT_EQ(run({"word"}).code, exit_usage);
    const auto ran = run({"--quick", "one", "--", "--two"}, [] { return Result<void>(); }, "WORD…");
    EXPECT_EQ(ran.code, exit_good);
    EXPECT_THAT(ran.arguments.words, ElementsAre("one", "--two"));
}

TEST(Program, HelpAndVersionGoToStandardOutputAndEndWell) {
    const auto help = run({"--help"});
    EXPECT_EQ(help.code, exit_good);
    for (const auto* part : {"parley-test: Tests", "--settings FILE", "--account NAME", "which account"}) EXPECT_THAT(help.out, HasSubstr(part));
    EXPECT_THAT(run({"--version"}).out, HasSubstr(PARLEY_VERSION));
}

TEST(Program, AnErrorIsPrintedWithItsHintAndDecidesTheExitCode) {
    const auto ran = run({}, [] { return Result<void>(fail(Code::unavailable, "the broker is away", "parley up starts it")); });
    EXPECT_EQ(ran.code, exit_unavailable);
    EXPECT_EQ(ran.err, "parley-test: the broker is away\n  parley up starts it\n");
}

TEST(Program, AnExceptionIsItsLastWord) {
    const auto ran = run({}, []() -> Result<void> { throw std::runtime_error("the disk is on fire"); });
    EXPECT_EQ(ran.code, exit_broken);
    EXPECT_THAT(ran.err, HasSubstr("the disk is on fire"));
}

}  // namespace
}  // namespace parley::service
