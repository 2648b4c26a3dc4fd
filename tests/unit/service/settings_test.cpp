#include "broker/service/settings.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace parley::service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

SettingsFile parsed(std::string_view toml) {
    auto file = SettingsFile::parse(toml, "test.toml");
    if (!file) throw std::runtime_error(file.error().text());
    return *file;
}

TEST(Settings, ReadsEveryKindOfValue) {
    auto file = parsed("t = 'x'\nn = 3\nb = true\nl = ['a', 'b']\nd = '5 min'\ns = '2 KiB'\nm = { K = 'v' }\n");
    auto& root = file.root();
    EXPECT_EQ(root.text("t"), "x");
    EXPECT_EQ(root.integer("n", 0, 0, 9), 3);
    EXPECT_TRUE(root.boolean("b", false));
    EXPECT_THAT(root.texts("l"), testing::ElementsAre("a", "b"));
    EXPECT_EQ(root.duration("d", 0ms), 5min);
    EXPECT_EQ(root.bytes("s", 0), 2048U);
    EXPECT_EQ(root.text_map("m").at("K"), "v");
    root.finish();
    EXPECT_TRUE(file.good());
}

TEST(Settings, OfACopyCountAsTheFileThatTheyAreACopyOf) {
    const auto path = std::filesystem::temp_directory_path() / ("parley-copy-" + std::to_string(::getpid()));
    std::ofstream(path) << "data = 'var'\nwrong = 1\n" << SettingsFile::copy_of("/etc/parley/parley.toml");
    auto file = SettingsFile::load(path);
    std::filesystem::remove(path);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->root().file("data", ""), "/etc/parley/var");
    file->root().finish();
    ASSERT_EQ(file->problems().size(), 1U);
    EXPECT_THAT(file->problems()[0].what, HasSubstr("/etc/parley/parley.toml:2: wrong"));
}

TEST(Settings, NamesTheNearestKeyOfATypo) {
    auto file = parsed("[web]\nlisten = 'x'\nlocal_sing_in = true\n");
    auto web = file.root().table("web");
    web.text("listen", "");
    web.boolean("local_sign_in", false);
    web.finish();
    ASSERT_EQ(file.problems().size(), 1U);
    EXPECT_EQ(file.problems()[0].what, "test.toml:3: web.local_sing_in: is not a known setting");
    EXPECT_EQ(file.problems()[0].hint, "did you mean local_sign_in?");
}

TEST(Settings, CollectsEveryProblemWithItsLine) {
    auto file = parsed("port = 70000\nname = 5\nwait = 'soon'\n");
    auto& root = file.root();
    EXPECT_EQ(root.integer("port", 1, 1, 65535), 1);
    EXPECT_EQ(root.text("name", "d"), "d");
    EXPECT_EQ(root.duration("wait", 1s), 1s);
    root.text("server");
    const auto bad = file.good();
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().what, HasSubstr("test.toml:1: port: 70000 is out of range (use 1 to 65535)"));
    EXPECT_THAT(bad.error().what, HasSubstr("test.toml:2: name: is not text"));
    EXPECT_THAT(bad.error().what, HasSubstr("\"soon\" is not understood"));
    EXPECT_THAT(bad.error().what, HasSubstr("server: is missing"));
}

TEST(Settings, SaysWhereTheTomlIsBroken) {
    const auto file = SettingsFile::parse("a = 1\nb = \n", "x.toml");
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().what, HasSubstr("x.toml:2"));
}

TEST(Settings, SurvivesATableWithoutAName) {
    for (const auto* text : {"[\na = 1\n", "[[\n", "[ # x\n", "[.a]\n", "a = { , }\n"}) {
        const auto file = SettingsFile::parse(text, "parley.toml");
        ASSERT_FALSE(file) << text;
        EXPECT_EQ(file.error().code, Code::settings);
    }
}

TEST(Settings, SaysWhereALetterStandsThatNeedsQuotes) {
    for (const auto* letter : {"ä", "\u02d7", "あ", "\u1700", "\u2070", "\ufe00"}) {
        for (const auto& line : {letter + std::string(" = 1\n"), "[b" + std::string(letter) + "]\n", "b = " + std::string(letter) + "\n"}) {
            const auto file = SettingsFile::parse("a = 1\n" + line, "parley.toml");
            ASSERT_FALSE(file) << line;
            EXPECT_THAT(file.error().what, HasSubstr("parley.toml:2")) << line;
        }
        const auto quoted = SettingsFile::parse("\"" + std::string(letter) + "\" = 1 # " + letter + "\n", "parley.toml");
        EXPECT_TRUE(quoted) << letter;
    }
}

TEST(Settings, KeepsSecretsOutOfTheFile) {
    ::setenv("PARLEY_TEST_SECRET", "hush", 1);
    auto file = parsed("good = { env = 'PARLEY_TEST_SECRET' }\nplain = 'hush'\ngone = { env = 'PARLEY_NOT_SET' }\n");
    EXPECT_EQ(file.root().secret("good"), "hush");
    EXPECT_FALSE(file.root().secret("plain"));
    EXPECT_FALSE(file.root().secret("gone"));
    EXPECT_FALSE(file.root().secret("absent"));
    ASSERT_EQ(file.problems().size(), 2U);
    EXPECT_THAT(file.problems()[0].text(), testing::Not(HasSubstr("hush")));
}

TEST(Settings, FindsFilesBesideTheSettingsFileWhereverTheProgramWasStarted) {
    const auto read = [](std::string_view toml, std::string_view name) {
        auto file = SettingsFile::parse(toml, name);
        return file->root().file("data", "./var").string();
    };
    EXPECT_EQ(read("", "/etc/parley/parley.toml"), "/etc/parley/var");
    EXPECT_EQ(read("data = '../data'", "/etc/parley/parley.toml"), "/etc/data");
    EXPECT_EQ(read("data = '/srv/data'", "/etc/parley/parley.toml"), "/srv/data");
    EXPECT_EQ(read("data = ''", "/etc/parley/parley.toml"), "");
    EXPECT_EQ(read("", "deploy/parley.toml"), (std::filesystem::current_path() / "deploy/var").string());
}

TEST(Settings, WarningsStopNothing) {
    auto file = parsed("[command.x]\nrun = ['x']\n");
    auto table = file.root().table("command").table("x");
    table.warn("run", "is odd", "mend it");
    EXPECT_TRUE(file.good());
    ASSERT_EQ(file.warnings().size(), 1U);
    EXPECT_EQ(file.warnings()[0].text(), "test.toml:2: command.x.run: is odd (mend it)");
}

TEST(Settings, KeepsTheOrderOfTables) {
    auto file = parsed("[account.zeta]\na = 1\n[account.alpha]\na = 2\n");
    const auto tables = file.root().tables("account");
    ASSERT_EQ(tables.size(), 2U);
    EXPECT_EQ(tables[0].first, "zeta");
}

TEST(Settings, RefusesDurationsAndSizesThatOverflow) {
    EXPECT_FALSE(parse_duration("99999999999999999999 s"));
    EXPECT_FALSE(parse_duration("9223372036854775807 d"));
    EXPECT_FALSE(parse_bytes("-1"));
    EXPECT_EQ(*parse_bytes("1 GiB"), 1U << 30);
}

}  // namespace
}  // namespace parley::service
