// [command.*] read into commands, and every mistake named.
#include "broker/dispatch/settings.h"

#include <gmock/gmock.h>

namespace parley::dispatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problems(std::string_view toml) {
    auto file = *service::SettingsFile::parse(toml);
    const bus::HouseSettings house;
    read_settings(file.root(), house);
    const auto good = file.good();
    return good ? "" : good.error().text();
}

TEST(CommandSettings, DenyByDefaultAndKnowTheBuiltIns) {
    auto file = *service::SettingsFile::parse(R"(
[command.uptime]
summary = "How long"
run = ["/usr/bin/uptime", "-p"]
timeout = "10 s"
room_lines = 3
)");
    const auto settings = read_settings(file.root(), bus::HouseSettings{});
    ASSERT_TRUE(file.good()) << file.good().error().text();
    const auto& uptime = settings.commands.at("uptime");
    EXPECT_TRUE(uptime.allow.empty());
    EXPECT_THAT(uptime.action.argv, ElementsAre("/usr/bin/uptime", "-p"));
    EXPECT_EQ(uptime.action.timeout, std::chrono::seconds(10));
    EXPECT_EQ(uptime.action.room_lines_max, 3U);
    EXPECT_THAT(settings.commands.at("ping").allow, ElementsAre("*"));
    EXPECT_EQ(settings.commands.size(), 9U);
}

TEST(CommandSettings, NameEveryMistake) {
    EXPECT_THAT(problems("[command.x]\n"), HasSubstr("command.x.run: is missing"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nalow=['*']\n"), HasSubstr("did you mean allow?"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','{b}']\n"), HasSubstr("\"{b}\" is not a parameter"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','--b={b}']\n[[command.x.parameter]]\nname='b'\n"),
                HasSubstr("inside an argument"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\n[[command.x.parameter]]\nname='b'\n"),
                HasSubstr("does not use \"{b}\""));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nallow=['bob']\n"), HasSubstr("\"bob\" is not a rule"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nallow=['gateway:no']\n"), HasSubstr("there is no gateway \"no\""));
    EXPECT_THAT(problems("[command.X]\nrun=['a']\n"), HasSubstr("is not a name for a command"));
    EXPECT_THAT(problems("[command.help]\nrun=['a']\n"), HasSubstr("is not a known setting"));
    EXPECT_THAT(problems("[command.login]\nallow=[]\n"), HasSubstr("login cannot be changed"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','{b}']\n[[command.x.parameter]]\nname='b'\ntype='enum'\n"),
                HasSubstr("values: is missing"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','{b}']\n[[command.x.parameter]]\nname='b'\ntype='integer'\nmax="
                         "3\ndefault='4'\n"),
                HasSubstr("must be at most 3"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','{b}']\n[[command.x.parameter]]\nname='b'\npattern='('\n"),
                HasSubstr("is not a pattern"));
}

TEST(CommandSettings, NameAProgramThatNobodyChoosesByAsking) {
    EXPECT_THAT(problems("[command.x]\nrun=['']\n"), HasSubstr("command.x.run: begins with no program"));
    EXPECT_THAT(problems("[command.x]\nrun=['', '-p']\n"), HasSubstr("begins with no program"));
    EXPECT_THAT(problems("[command.x]\nrun=['{b}']\n[[command.x.parameter]]\nname='b'\n"), HasSubstr("the program \"{b}\" has a \"{\" in its name"));
    EXPECT_THAT(problems("[command.x]\nrun=['/opt/{b}/a']\n"), HasSubstr("has a \"{\" in its name"));
    EXPECT_THAT(problems("[command.x]\nrun=['a{']\n"), HasSubstr("has a \"{\" in its name"));
    EXPECT_THAT(problems("[command.x]\nrun=['a','b{']\n"), "");
    EXPECT_THAT(problems("[command.x]\nrun=['a',\"b\\u0000c\"]\n"), HasSubstr("has an argument with a NUL"));
}

TEST(CommandSettings, PassOnOnlyTheEnvironmentThatIsAllowed) {
    ::setenv("PARLEY_TEST_ALLOWED", "yes", 1);
    ::setenv("PARLEY_TEST_OTHER", "no", 1);
    auto file = *service::SettingsFile::parse(
        "[command.x]\nrun=['a']\nenvironment=['PARLEY_TEST_ALLOWED']\nset={ TZ = 'UTC' }\n");
    const auto settings = read_settings(file.root(), bus::HouseSettings{});
    EXPECT_THAT(settings.commands.at("x").action.environment,
                ElementsAre(testing::Pair("LANG", "C.UTF-8"), testing::Pair("PARLEY_TEST_ALLOWED", "yes"),
                            testing::Pair("PATH", "/usr/local/bin:/usr/bin:/bin"), testing::Pair("TZ", "UTC")));
}

TEST(CommandSettings, RefuseWhatWouldReachAProgramInPart) {
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nset={ 'A=B' = 'c' }\n"), HasSubstr("command.x.set: \"A=B\" cannot be given"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nset={ '' = 'c' }\n"), HasSubstr("cannot be given"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nset={ A = \"b\\u0000c\" }\n"), HasSubstr("\"A\" cannot be given"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nenvironment=['A=B']\n"), HasSubstr("command.x.environment: \"A=B\" cannot be given"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\ndirectory=\"/srv\\u0000\"\n"), HasSubstr("command.x.directory: holds a NUL"));
    EXPECT_THAT(problems("[command.x]\nrun=['a']\nset={ A = '', B = 'c=d' }\ndirectory='/srv'\n"), "");
}

}  // namespace
}  // namespace parley::dispatch
