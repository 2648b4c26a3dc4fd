// The wall clock of every process steps, forward and back, by days, in the middle of the talk: nothing is lost, doubled or
// held up. (Time that never steps is left alone: the system keeps it so.)
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <glob.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;

std::string faketime_library() {
    glob_t found{};
    std::string out;
    if (::glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found) == 0 && found.gl_pathc > 0) out = found.gl_pathv[0];
    ::globfree(&found);
    return out;
}

class SteppingClock : public testing::Test {
protected:
    void SetUp() override {
        if (faketime_library().empty()) GTEST_SKIP() << "there is no libfaketime (Debian's package faketime)";
        step("+0");
        with_its_clock([&] { house.start_all({"small:irc", "large:irc"}); });
        alice.join("#lobby");
        bob.join("#lobby");
        ASSERT_TRUE(wait_until([&] {
            alice.say("#lobby", "are you there?");
            return !bob.hears("#lobby", 1, 500ms).empty();
        }, 30s)) << house.logs();
    }
    void with_its_clock(const std::function<void()>& start) const {
        const std::vector<std::pair<const char*, std::string>> environment{
            {"FAKETIME_TIMESTAMP_FILE", (house.folder() / "now").string()}, {"FAKETIME_NO_CACHE", "1"}, {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
            {"DONT_FAKE_MONOTONIC", "1"}, {"LD_PRELOAD", faketime_library()}};
        for (const auto& [name, value] : environment) ::setenv(name, value.c_str(), 1);
        start();
        for (const auto& [name, value] : environment) ::unsetenv(name);
    }
    // By so many seconds from what it is: "+86400".
    void step(const std::string& by) const {
        const auto fresh = house.folder() / "now.new";
        std::ofstream(fresh) << by << "\n";
        std::filesystem::rename(fresh, house.folder() / "now");
    }
    // Alice says some, and bob hears them and nothing else.
    void talk(const std::string& words, int count = 20) {
        std::vector<std::string> wanted;
        for (int i = 0; i < count; ++i) {
            wanted.push_back(fmt::format("<parley> <alice> {} {}.", words, i));
            alice.say("#lobby", fmt::format("{} {}.", words, i));
            said.push_back(fmt::format("{} {}.", words, i));
        }
        std::vector<std::string> heard;
        bob.hears_until("#lobby", [&](const std::vector<std::string>& lines) {
            heard.clear();
            for (const auto& line : lines)
                if (line.find(words) != std::string::npos) heard.push_back(line);
            return heard.size() >= wanted.size();
        }, 30s);
        EXPECT_THAT(heard, ElementsAreArray(wanted)) << house.logs();
    }
    void runs(const std::string& words) {
        alice.say("#lobby", "!echo " + words);
        EXPECT_FALSE(bob.expect([&](std::string_view line) { return line.find(words) != line.npos && line.find("!echo") == line.npos; }, 20s).empty()) << house.logs();
    }
    // From the archive, in the journal's order.
    std::vector<bus::Value> archived() {
        service::Reactor reactor;
        bus::ClientOptions options;
        options.endpoint = "ipc://" + (house.folder() / "data/run/broker").string();
        options.name = "test";
        options.role = bus::Role::operator_;
        bus::Client client(reactor, options);
        std::vector<bus::Value> out;
        for (std::int64_t after = 0;;) {
            std::optional<bus::Value> page;
            client.query("archive", "export", bus::Value::map({{"after", after}, {"limit", 1000}}).encode(), 5s,
                         [&](const service::Result<std::string>& reply) { page = reply ? *bus::Value::decode(*reply) : bus::Value::map({}); });
            if (!wait_until([&] { return reactor.run_for(2ms), page.has_value(); }) || (*page)["events"].list().empty()) return out;
            for (const auto& event : (*page)["events"].list()) {
                out.push_back(event);
                after = event["sequence"].number();
            }
        }
    }

    IrcServer small{IrcServer::Kind::ngircd}, large{IrcServer::Kind::ngircd};
    House house{irc_account("small", small.port()) + irc_account("large", large.port()) + echo_command +
                "[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"large/#lobby\", \"web/lobby\"]\n"};
    IrcClient alice{small.port(), "alice"}, bob{large.port(), "bob"};
    std::vector<std::string> said;
};

TEST_F(SteppingClock, LosesDoublesAndHoldsUpNothing) {
    const std::vector<std::pair<std::string, std::string>> steps{{"+0", "at first"}, {"+172800", "two days on"}, {"-86400", "three days back"}, {"+0", "as it is"}};
    for (const auto& [by, words] : steps) {
        step(by);
        talk(words);
        runs("ran-after-" + std::to_string(said.size()));
    }
    // Whoever starts again in another time finds its place.
    step("-86400");
    house.kill("large:irc");
    alice.say("#lobby", "while one was away.");
    with_its_clock([&] { house.start("large:irc"); });
    EXPECT_FALSE(bob.expect("while one was away.", 30s).empty()) << house.logs();
    talk("and on");

    std::vector<std::string> texts, ends;
    std::vector<std::int64_t> times;
    ASSERT_TRUE(wait_until([&] {
        texts.clear();
        ends.clear();
        for (const auto& event : archived()) {
            if (event["kind"].text() == "run_finished") ends.push_back(event["outcome"].text());
            const auto text = event["text"].text();
            if (std::find(said.begin(), said.end(), text) == said.end()) continue;
            texts.push_back(text);
            times.push_back(event["time_us"].number());
        }
        return texts.size() >= said.size() && ends.size() >= steps.size();
    }, 30s, 100ms)) << texts.size() << " of " << said.size() << house.logs();
    EXPECT_THAT(texts, ElementsAreArray(said));
    EXPECT_THAT(ends, testing::Each("succeeded"));
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    EXPECT_GT(std::chrono::microseconds(*last - *first), 71h) << "the clock was to step";
    EXPECT_EQ(house.log("broker").find("forgotten"), std::string::npos);
}

}  // namespace
}  // namespace parley::tests
