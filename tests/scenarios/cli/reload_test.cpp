// `parley reload`: the settings change while people talk. Only what the change touches is started again, nothing is lost or
// doubled, and bad settings change nothing.
#include <regex>

#include "tests/scenarios/cli/cli.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class Reload : public testing::Test {
protected:
    Reload() {
        write("");
        up_ = std::make_unique<Process>(Process::Options{.argv = {PARLEY_BIN_DIR "/parley", "up", "--settings", file_.string()}, .log = folder_.path() / "log"});
        alice_.join("#lobby");
        bob_.join("#lobby");
        EXPECT_TRUE(hear_each_other("#lobby")) << log();
        EXPECT_TRUE(wait_until([&] { return parley({"status", "--settings", file_.string()}).code == good; }, 30s)) << log();
    }
    void write(const std::string& more, const std::string& about_the_small = {}) {
        file_ = folder_.write("parley.toml", fmt::format("[parley]\ndata = \"{}\"\n[worker]\nworkers = 1\n[web]\nlisten = \"127.0.0.1:{}\"\n{}{}{}"
                                                         "[gateway.lobby]\nrooms = [\"small/#lobby\", \"large/#lobby\"]\n{}",
                                                         (folder_.path() / "data").string(), page_, irc_account("small", small_.port()), about_the_small,
                                                         irc_account("large", large_.port()), more));
    }
    bool hear_each_other(const std::string& room) {
        return wait_until([&] {
            alice_.say(room, "are you there?");
            return !bob_.hears(room, 1, 500ms).empty();
        }, 30s);
    }
    // What `parley up` started last under this name.
    pid_t pid_of(const std::string& what) const {
        const auto text = log();
        const std::regex line("started what=\"?" + what + "\"? pid=([0-9]+)");
        pid_t pid = 0;
        for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) pid = std::stoi((*it)[1]);
        return pid;
    }
    std::vector<pid_t> pids_of(const std::vector<std::string>& names) const {
        std::vector<pid_t> out;
        for (const auto& name : names) out.push_back(pid_of(name));
        return out;
    }
    static bool alive(pid_t pid) { return pid > 0 && ::kill(pid, 0) == 0 && !ended(pid); }
    Said reload() { return parley({"reload", "--settings", file_.string()}); }
    std::string log() const { return up_->output(); }

    TempFolder folder_{"parley-reload"};
    const std::uint16_t page_ = free_port();
    IrcServer small_{IrcServer::Kind::ngircd}, large_{IrcServer::Kind::inspircd};
    IrcClient alice_{small_.port(), "alice"}, bob_{large_.port(), "bob"};
    std::filesystem::path file_;
    std::unique_ptr<Process> up_;
    const std::vector<std::string> all_{"broker", "indexer", "workers", "page", "keeper small", "bridge small", "keeper large", "bridge large"};
};

TEST_F(Reload, AddsARoomWhilePeopleTalkAndNothingIsLostOrDoubled) {
    const auto before = pids_of(all_);
    std::vector<std::string> said, heard;
    const auto talk = [&] {
        said.push_back(fmt::format("line {}.", said.size()));
        alice_.say("#lobby", said.back());
        for (const auto& words : bob_.heard_so_far("#lobby"))
            if (const auto at = words.find("line "); at != std::string::npos) heard.push_back(words.substr(at));
    };
    for (int i = 0; i < 20; ++i) talk();
    write("[gateway.ops]\nrooms = [\"small/#ops\", \"large/#ops\"]\n");
    Process reloading({.argv = {PARLEY_BIN_DIR "/parley", "reload", "--settings", file_.string()}, .log = folder_.path() / "said"});
    EXPECT_TRUE(wait_until([&] {
        talk();
        return pid_of("bridge small") != before[5] && pid_of("bridge large") != before[7];
    }, 60s, 10ms)) << log();
    EXPECT_EQ(reloading.wait(), 0) << reloading.output();
    for (int i = 0; i < 20; ++i) talk();
    EXPECT_TRUE(wait_until([&] {
        for (const auto& words : bob_.heard_so_far("#lobby"))
            if (const auto at = words.find("line "); at != std::string::npos) heard.push_back(words.substr(at));
        return heard.size() >= said.size();
    }, 30s)) << log();
    EXPECT_THAT(heard, ElementsAreArray(said)) << log();

    alice_.join("#ops");
    bob_.join("#ops");
    EXPECT_TRUE(hear_each_other("#ops")) << log();
    EXPECT_EQ(pid_of("keeper small"), before[4]) << "its account has not changed";
    EXPECT_EQ(pid_of("keeper large"), before[6]);
    EXPECT_TRUE(alive(before[4]) && alive(before[6]));
}

TEST_F(Reload, WithBadSettingsSaysAllThatIsWrongAndChangesNothing) {
    const auto before = pids_of(all_);
    write("[gateway.ops]\nrooms = [\"small/#ops\", \"lrage/#ops\"]\n[indexer]\ncommit_evry = \"1 s\"\n");
    const auto said = reload();
    EXPECT_EQ(said.code, settings) << said.err;
    EXPECT_THAT(said.err, HasSubstr("lrage/#ops"));
    EXPECT_THAT(said.err, HasSubstr("did you mean commit_every?"));
    up_->signal(SIGHUP);  // whoever does not ask first
    EXPECT_TRUE(wait_until([&] { return log().find("the settings stay as they were") != std::string::npos; }, 30s)) << log();
    EXPECT_THAT(log(), HasSubstr("lrage/#ops"));
    EXPECT_THAT(log(), HasSubstr("did you mean commit_every?"));
    EXPECT_EQ(pids_of(all_), before);
    for (const auto pid : before) EXPECT_TRUE(alive(pid)) << log();
    EXPECT_TRUE(hear_each_other("#lobby")) << log();
}

TEST_F(Reload, StartsWhatDiesWithTheSettingsThatWereGoodLast) {
    folder_.write("parley.toml", "[gateway.lob");  // as an editor may leave it for a moment
    const auto before = pid_of("bridge small");
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    EXPECT_TRUE(wait_until([&] { return pid_of("bridge small") != before; }, 30s)) << log();
    EXPECT_TRUE(hear_each_other("#lobby")) << log();
    EXPECT_TRUE(alive(pid_of("bridge small"))) << log();
}

TEST_F(Reload, StartsNothingAgainIfNothingHasChanged) {
    const auto before = pids_of(all_);
    write("# a word more\n");
    EXPECT_EQ(reload().code, good);
    EXPECT_TRUE(wait_until([&] { return log().find("the settings were read anew") != std::string::npos; }, 30s)) << log();
    EXPECT_EQ(pids_of(all_), before);
    EXPECT_TRUE(hear_each_other("#lobby")) << log();
    for (const auto pid : before) EXPECT_TRUE(alive(pid)) << log();
}

TEST_F(Reload, TouchesOnlyTheAccountThatIsAddedChangedOrRemoved) {
    const auto before = pids_of(all_);
    auto third = irc_account("third", small_.port());
    third.replace(third.find("\"parley\""), 8, "\"parley3\"");
    write(third);
    EXPECT_EQ(reload().code, good);
    EXPECT_TRUE(wait_until([&] { return alive(pid_of("bridge third")) && alive(pid_of("keeper third")); }, 30s)) << log();
    const auto with_three = pid_of("broker");
    EXPECT_NE(with_three, before[0]) << "it reads which accounts there are";
    for (std::size_t i = 4; i < 8; ++i) EXPECT_EQ(pid_of(all_[i]), before[i]) << all_[i] << log();

    const auto bridge = pid_of("bridge third");
    write("");
    EXPECT_EQ(reload().code, good);
    EXPECT_TRUE(wait_until([&] { return !alive(bridge); }, 30s)) << log();
    EXPECT_TRUE(wait_until([&] { return !alive(pid_of("keeper third")); }, 30s)) << log();
    for (std::size_t i = 4; i < 8; ++i) EXPECT_EQ(pid_of(all_[i]), before[i]) << all_[i] << log();

    EXPECT_TRUE(wait_until([&] { return pid_of("broker") != with_three && alive(pid_of("broker")); }, 30s)) << log();
    const auto broker = pid_of("broker");
    write("", "realname = \"Parley of Ops\"\n");
    EXPECT_EQ(reload().code, good);
    EXPECT_TRUE(wait_until([&] { return pid_of("bridge small") != before[5] && pid_of("keeper small") != before[4]; }, 30s)) << log();
    EXPECT_TRUE(hear_each_other("#lobby")) << log();
    EXPECT_EQ(pid_of("broker"), broker) << "it knows nothing of an account but its platform";
    for (std::size_t i = 6; i < 8; ++i) EXPECT_EQ(pid_of(all_[i]), before[i]) << all_[i] << log();
}

TEST_F(Reload, KnowsWhetherSomebodyIsThere) {
    EXPECT_EQ(parley({"up", "--settings", file_.string()}).code, failed) << "a second one for the same data";
    up_->terminate(20s);
    const auto said = reload();
    EXPECT_EQ(said.code, not_running);
    EXPECT_THAT(said.err, HasSubstr("start it with: parley up"));
}

}  // namespace
}  // namespace parley::tests
