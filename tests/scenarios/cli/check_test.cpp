// `parley check`: what is wrong with the settings, with its line and the nearest name that is known.
#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

TEST_F(Check, NamesTheNearestPlatform) {
    const auto said = check("[account.libera]\nplatform = \"ircc\"\nserver = \"x\"\nnick = \"n\"\n");
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, AllOf(HasSubstr("bridge libera"), HasSubstr("parley-ircc"), HasSubstr("did you mean irc?")));
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

TEST_F(Check, SaysAllThatIsWrongAtOnce) {
    const auto said = check(std::string(good_settings) + "[web]\nlisten_at = \"\"\n[indexer]\ncommit_evry = \"1 s\"\n");
    EXPECT_EQ(said.code, settings);
    EXPECT_THAT(said.err, AllOf(HasSubstr("web.listen_at"), HasSubstr("indexer.commit_evry"), HasSubstr("2 of the programs would not start")));
}

}  // namespace
}  // namespace parley::tests
