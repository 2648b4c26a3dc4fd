// `parley check`: what is wrong with the settings, with its line and the nearest name that is known.
#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Check : public testing::Test {
protected:
    Said check(const std::string& toml) { return parley({"check", "--settings", folder_.write("parley.toml", toml).string()}); }
    std::string file() const { return (folder_.path() / "parley.toml").string(); }

    TempFolder folder_{"parley-check"};
};

constexpr auto good_settings = R"([account.libera]
platform = "irc"
server = "irc.libera.chat"
nick = "our-bot"
[account.web]
platform = "web"
[gateway.ops]
rooms = ["libera/#our-ops", "web/ops"]
[command.uptime]
summary = "How long this machine has been up"
run = ["/usr/bin/uptime", "--pretty"]
allow = ["gateway:ops"]
)";

TEST_F(Check, SaysThatGoodSettingsAreGood) {
    const auto said = check(good_settings);
    EXPECT_EQ(said.code, good) << said.err;
    EXPECT_EQ(said.out, "The settings are good.\n");
    EXPECT_EQ(said.err, "");
}

TEST_F(Check, TakesTheSampleOfTheDocumentation) {
    ::setenv("PARLEY_SAMPLE_PASSWORD", "secret", 1);
    const auto said = parley({"check", "--settings", PARLEY_SOURCE_DIR "/docs/parley.sample.toml"});
    EXPECT_FALSE(std::filesystem::exists(PARLEY_SOURCE_DIR "/docs/var")) << "checking wrote something";
    EXPECT_EQ(said.code, good) << said.err;
}

// A slip in each part, read by another program each time.
TEST_F(Check, NamesLineAndNearestKeyOfATypoWhereverItIs) {
    struct Slip {
        const char *added, *key, *nearest;
    };
    for (const auto& [added, key, nearest] : {Slip{"[parley]\nprefx = \"!\"\n", "parley.prefx", "did you mean prefix?"},
                                              Slip{"[bus]\nendpont = \"\"\n", "bus.endpont", "did you mean endpoint?"},
                                              Slip{"[broker]\nkep = \"1 d\"\n", "broker.kep", "did you mean keep?"},
                                              Slip{"[worker]\nworker = 2\n", "worker.worker", "did you mean workers"},
                                              Slip{"[indexer]\ncommit_evry = \"1 s\"\n", "indexer.commit_evry", "did you mean commit_every?"},
                                              Slip{"[web]\nlisten_at = \"\"\n", "web.listen_at", "did you mean listen?"},
                                              Slip{"[account.oftc]\nserver = \"irc.oftc.net\"\nnick = \"n\"\nchanel_keys = {}\nplatform = \"irc\"\n", "account.oftc.chanel_keys", "did you mean channel_keys?"},
                                              Slip{"[room.\"libera/#our-ops\"]\nvisibilty = \"closed\"\n", "room.libera/#our-ops.visibilty", "did you mean visibility?"},
                                              Slip{"[command.df]\nrun = [\"/bin/df\"]\nsumary = \"x\"\n", "command.df.sumary", "did you mean summary?"},
                                              Slip{"[gatway.dev]\nrooms = [\"web/dev\"]\n", "gatway", "did you mean gateway?"}}) {
        const auto toml = std::string(good_settings) + added;
        const auto said = check(toml);
        EXPECT_EQ(said.code, settings) << key;
        const std::string name = key;
        const auto last = name.substr(name.rfind('.') + 1);
        const auto line = std::count(toml.begin(), toml.begin() + static_cast<std::ptrdiff_t>(toml.rfind(last)), '\n') + 1;
        EXPECT_THAT(said.err, AllOf(HasSubstr(fmt::format("{}:{}: {}: is not a known setting", file(), line, key)), HasSubstr(nearest))) << added;
        EXPECT_EQ(said.out, "");
    }
}

TEST_F(Check, NamesTheLineOfAnUnknownPlatformAndTheNearest) {
    const auto said = check("[account.libera]\nplatform = \"irq\"\nserver = \"x\"\nnick = \"n\"\n[account.work]\nplatform = \"broker\"\n");
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, AllOf(HasSubstr(file() + ":2: account.libera.platform: there is no platform \"irq\" (did you mean irc?)"),
                                HasSubstr(file() + ":6: account.work.platform: there is no platform \"broker\"")));
}

TEST_F(Check, NamesAnAddressThatThePageCannotListenAt) {
    for (const auto* listen : {"127.0.0.1:80800", "localhost:http", "example.org:8080", "[::1:8080", "300.0.0.1:80"}) {
        const auto said = check(fmt::format("[web]\nlisten = \"{}\"\n", listen));
        EXPECT_EQ(said.code, settings) << listen;
        EXPECT_THAT(said.err, AllOf(HasSubstr(file() + ":2: web.listen: "), HasSubstr("write it as 127.0.0.1:8080"))) << listen;
    }
    for (const auto* listen : {"8080", "localhost:8080", "0.0.0.0:80", "[::1]:8080"}) EXPECT_EQ(check(fmt::format("[web]\nlisten = \"{}\"\n", listen)).code, good) << listen;
}

// They work, so they are no reason not to start: the workers may be on another machine.
TEST_F(Check, WarnsOfCommandsThatCannotBeRunOrThatNobodyMayRun) {
    const auto said = check("[command.one]\nrun = [\"/usr/bin/upptime\"]\nallow = [\"*\"]\n[command.two]\nrun = [\"upptime\"]\n"
                            "[command.three]\nrun = [\"uptime\"]\nallow = []\n");
    EXPECT_EQ(said.code, good);
    EXPECT_EQ(said.out, "The settings are good, but see the warnings.\n");
    EXPECT_EQ(said.err, fmt::format("warning: {0}:2: command.one.run: there is no program /usr/bin/upptime here (correct its name, or install it where the workers run)\n"
                                    "warning: {0}:5: command.two.run: there is no program upptime here (correct its name, or install it where the workers run)\n"
                                    "warning: {0}:4: command.two.allow: is missing, so nobody may run this (add allow = [\"gateway:NAME\"], or [\"*\"] for everybody; allow = [] if nobody is meant)\n", file()));
}

TEST_F(Check, WarnsOfAFolderForTheDataThatCannotBeWritten) {
    const auto said = check(fmt::format("[parley]\ndata = \"{}/var\"\n", file()));
    EXPECT_EQ(said.code, good);
    EXPECT_THAT(said.err, HasSubstr(fmt::format("warning: {0}:2: parley.data: {0}/var cannot be written by this user", file())));
}

TEST_F(Check, NamesTheLineThatIsNoToml) {
    const auto said = check("[parley]\nprefix = \"!\"\nname = parley\n");
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, HasSubstr(file() + ":3: "));
}

TEST_F(Check, SaysThatTheFileIsNotThere) {
    const auto said = parley({"check", "--settings", (folder_.path() / "nowhere.toml").string()});
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, AllOf(HasSubstr("nowhere.toml"), HasSubstr("--settings FILE")));
}

// What each program reads, what all of them read, and a platform that none is: not one after the other.
TEST_F(Check, SaysAllThatIsWrongAtOnceAndEachOnce) {
    const auto said = check(std::string(good_settings) + "[web]\nlisten_at = \"\"\n[indexer]\ncommit_evry = \"1 s\"\n[gateway.dev]\nrooms = [\"libra/#dev\"]\n"
                                                         "[account.work]\nplatform = \"xmmp\"\n[account.oftc]\nplatform = \"irc\"\nserver = \"x\"\nnick = \"9\"\n"
                                                         "[command.uptime2]\nrun = []\nallow = [\"*\"]\n");
    EXPECT_EQ(said.code, settings);
    std::istringstream lines(said.err);
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) all.push_back(line);
    EXPECT_THAT(all, UnorderedElementsAre(HasSubstr(":18: gateway.dev.rooms: "), HasSubstr(":20: account.work.platform: "), HasSubstr("command.uptime2.run: "), HasSubstr(":16: indexer.commit_evry: "),
                                          HasSubstr(":14: web.listen_at: "), HasSubstr(":24: account.oftc.nick: "), HasSubstr("6 things are wrong with the settings"), HasSubstr("mend what is printed above")));
}

}  // namespace
}  // namespace parley::tests
