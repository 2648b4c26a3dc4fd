// `cmake --install` into an empty prefix: what is there runs by itself, and the unit and the man page say where it is.
#include <regex>

#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Installed : public testing::Test {
protected:
    static void SetUpTestSuite() {
        prefix_ = std::make_unique<TempFolder>("parley-prefix");
        installed_ = run({PARLEY_CMAKE, "--install", PARLEY_BUILD_DIR, "--prefix", prefix_->path().string()}, 60s);
    }
    static void TearDownTestSuite() { prefix_.reset(); }
    void SetUp() override {
        ASSERT_EQ(installed_.exit_code, 0) << installed_.output;
        settings_ = folder_.write("parley.toml", fmt::format("[parley]\ndata = \"{}\"\n[worker]\nworkers = 1\n[web]\nlisten = \"127.0.0.1:{}\"\n"
                                                             "[account.lobby]\nplatform = \"irc\"\nserver = \"127.0.0.1\"\nport = 1\nnick = \"p\"\n",
                                                             (folder_.path() / "data").string(), page_)).string();
    }
    static std::filesystem::path prefix() { return prefix_->path(); }
    static std::string bin() { return (prefix() / "bin").string(); }
    static std::filesystem::path only(const std::string& pattern) {
        std::filesystem::path found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(prefix())) {
            if (std::regex_search(entry.path().string(), std::regex(pattern + "$"))) found = entry.path();
        }
        return found;
    }

    static std::unique_ptr<TempFolder> prefix_;
    static Ran installed_;
    TempFolder folder_{"parley-installed"};
    std::uint16_t page_ = free_port();
    std::string settings_;
};
std::unique_ptr<TempFolder> Installed::prefix_;
Ran Installed::installed_;

TEST_F(Installed, ChecksTheSettings) {
    const auto said = parley({"check", "--settings", settings_}, 30s, bin());
    EXPECT_EQ(said.code, good) << said.err;
    EXPECT_EQ(said.out, "The settings are good.\n");
}

// In a mount namespace of its own, in which the source tree is an empty folder.
TEST_F(Installed, RunsWithoutTheSourceTree) {
    if (run({"unshare", "-m", "true"}).exit_code != 0) GTEST_SKIP() << "mount namespaces are not permitted here";
    Process up({.argv = {"unshare", "-m", "/bin/sh", "-c",
                         fmt::format("mount -t tmpfs none '{}' && cd / && exec '{}/parley' up --settings '{}'", PARLEY_SOURCE_DIR, bin(), settings_)},
                .log = folder_.path() / "log"});
    ASSERT_TRUE(wait_until([&] { return connectable(page_) && parley({"status", "--settings", settings_}, 30s, bin()).out.find("broker:") != std::string::npos; }, 30s)) << up.output();
    EXPECT_TRUE(std::filesystem::is_empty(fmt::format("/proc/{}/root{}", up.pid(), PARLEY_SOURCE_DIR)));
    for (const auto* program : {"parley-broker", "parley-indexer", "parley-worker", "parley-web", "parley-irc-keeper", "parley-irc"}) {
        const auto child = child_named(up.pid(), program);
        ASSERT_GT(child, 0) << program << up.output();
        EXPECT_EQ(std::filesystem::read_symlink(fmt::format("/proc/{}/exe", child)), prefix() / "bin" / program);
    }
    EXPECT_EQ(parley({"send", "web/lobby", "hello", "--settings", settings_}, 30s, bin()).code, good);
    up.signal(SIGTERM);
    EXPECT_EQ(up.wait(20s), 0) << up.output();
}

TEST_F(Installed, BringsAUnitThatStartsWhatWasInstalled) {
    const auto unit = read_file(only("systemd/system/parley\\.service"));
    EXPECT_THAT(unit, AllOf(HasSubstr("ExecStartPre=" + bin() + "/parley check --settings /etc/parley/parley.toml\n"),
                            HasSubstr("ExecStart=" + bin() + "/parley up --settings /etc/parley/parley.toml\n"),
                            HasSubstr("RestartPreventExitStatus=2 78\n"), Not(HasSubstr("@"))));
    EXPECT_THAT(read_file(only("sysusers\\.d/parley\\.conf")), HasSubstr("u parley "));
    const auto verifier = find_program("systemd-analyze");
    if (!verifier) GTEST_SKIP() << "systemd-analyze is not installed: the unit was read, not verified";
    const auto verified = run({*verifier, "verify", "--man=no", only("systemd/system/parley\\.service").string()});
    EXPECT_EQ(verified.exit_code, 0);
    EXPECT_EQ(verified.output, "") << "a key that it does not know is said and passed over";
}

TEST_F(Installed, BringsTheManPageAndTheSampleSettings) {
    EXPECT_THAT(read_file(only("man/man1/parley\\.1")), HasSubstr(".SH EXIT STATUS"));
    EXPECT_EQ(read_file(only("doc/parley/parley\\.sample\\.toml")), read_file(PARLEY_SOURCE_DIR "/docs/parley.sample.toml"));
}

}  // namespace
}  // namespace parley::tests
