// Data that an earlier version left, in the hands of this one. tests/fixtures/make_house made it: a house that was ended in
// the middle of its work, with something in every store.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "broker/store/store.h"
#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class UpgradedHouse : public testing::Test {
protected:
    explicit UpgradedHouse(int version) {
        const auto fixture = fmt::format("{}/tests/fixtures/house_{}.tar.xz", PARLEY_SOURCE_DIR, version);
        const auto unpacked = run({"tar", "-C", house.folder().string(), "-xJf", fixture});
        EXPECT_EQ(unpacked.exit_code, 0) << unpacked.output;
    }
    void start_all() {
        house.start("broker");
        house.start("small:irc-keeper");
        for (const auto* name : {"small:irc", "large:irc", "indexer", "worker", "web"}) house.start(name);
    }
    std::vector<std::string> page_has(const std::string& part) { return house.page_hears("small/#lobby", part); }

    IrcServer small{IrcServer::Kind::ngircd}, large{IrcServer::Kind::ngircd};
    // The fixtures grow older, and what is said in them is to be repeated all the same: no limit of age.
    House house{irc_account("small", small.port()) + irc_account("large", large.port()) + echo_command +
                "[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"large/#lobby\", \"web/lobby\"]\ncatch_up_age = \"0 s\"\n"};
};

// 1 is from before the log, 2 from before keys lay in generations.
class Upgrade : public UpgradedHouse, public testing::WithParamInterface<int> {
protected:
    Upgrade() : UpgradedHouse(GetParam()) {}
};

TEST_P(Upgrade, FindsAllThatWasSaidAndSaysAllThatWasStillToBeSaid) {
    IrcClient bob(large.port(), "bob");
    bob.join("#lobby");
    start_all();
    // What waited for the other network, then what waited in the spool, then what the keeper had: once, in order.
    std::vector<std::string> heard;
    const auto words_of = [](const std::string& line) {
        const auto at = line.find("<alice> ");
        return at == std::string::npos ? std::string() : line.substr(at + 8);
    };
    const auto so_far = bob.hears_until("#lobby", [&](const std::vector<std::string>& lines) { return !lines.empty() && words_of(lines.back()).starts_with("kept 3."); }, 60s);
    for (const auto& line : so_far) {
        auto words = words_of(line);
        if (!words.empty() && !words.starts_with("!")) heard.push_back(std::move(words));
    }
    EXPECT_THAT(heard, ElementsAre("talk 1.", "talk 2.", "talk 3.", "talk 4.", "talk 5.", "spooled 1.", "spooled 2.", "spooled 3.", "kept 1.", "kept 2.", "kept 3.")) << house.logs();

    EXPECT_TRUE(wait_until([&] { return page_has("kept").size() == 3; }, 20s)) << house.logs();
    EXPECT_THAT(page_has("talk "), ElementsAre("talk 1.", "talk 2.", "talk 3.", "talk 4.", "talk 5."));
    EXPECT_THAT(page_has("spooled "), SizeIs(3));
    EXPECT_TRUE(wait_until([&] { return house.search("talk").size() == 5 && house.search("kept").size() == 3; }, 20s)) << house.search("talk").dump();
    EXPECT_THAT(house.search("kind:run").dump(), testing::AllOf(HasSubstr("echo"), HasSubstr("succeeded"))) << "the run";

    // It works on.
    IrcClient alice(small.port(), "alice");
    alice.join("#lobby");
    ASSERT_TRUE(wait_until([&] {
        alice.say("#lobby", "and today");
        return !bob.hears("#lobby", 1, 500ms).empty();
    }, 30s)) << house.logs();
}

// What has a number says it from now on, and a number of later is refused.
TEST_P(Upgrade, FromNowOnEveryStoreSaysItsFormat) {
    start_all();
    ASSERT_TRUE(wait_until([&] { return page_has("kept").size() == 3; }, 60s)) << house.logs();
    for (const auto* name : {"web", "worker", "indexer", "small:irc", "large:irc", "small:irc-keeper", "broker"}) house.kill(name);
    for (const auto* folder : {"journal", "archive", "bridges/small/store", "bridges/large/store"}) {
        store::EnvOptions options;
        options.read_only = true;
        options.format = 9;
        const store::Env env(house.folder() / "data" / folder, options);
        EXPECT_EQ(env.format(), std::string_view(folder) == "archive" ? 2U : 3U) << folder;
    }
}

INSTANTIATE_TEST_SUITE_P(FromHouse, Upgrade, testing::Values(1, 2));

class LaterFormat : public UpgradedHouse, public testing::WithParamInterface<std::pair<const char*, const char*>> {
protected:
    LaterFormat() : UpgradedHouse(2) {}
};

TEST_P(LaterFormat, IsRefusedWithTheFoldersNameAndWhatToDo) {
    const auto [folder, program] = GetParam();
    {
        store::Env env(house.folder() / "data" / folder);
        store::Table table(env, "format");
        store::WriteTxn txn(env);
        table.put(txn, "number", store::key_of(99));
        txn.commit();
    }
    std::vector<std::string> argv{std::string(PARLEY_BIN_DIR) + "/parley-" + program, "--settings", house.settings_file().string()};
    if (std::string(program) == "irc") argv.insert(argv.end(), {"--account", "small"});
    const auto ran = run(argv);
    EXPECT_NE(ran.exit_code.value_or(0), 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(folder));
    EXPECT_THAT(ran.output, HasSubstr("has format 99"));
    EXPECT_THAT(ran.output, HasSubstr("install the version that wrote it"));
}

INSTANTIATE_TEST_SUITE_P(Of, LaterFormat, testing::Values(std::pair("journal", "broker"), std::pair("archive", "indexer"), std::pair("bridges/small/store", "irc")),
                         [](const auto& made) { return std::string(made.param.second); });

}  // namespace
}  // namespace parley::tests
