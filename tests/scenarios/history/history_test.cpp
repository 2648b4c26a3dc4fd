// A bridge that is killed and comes back long after, on a network that keeps its rooms' history: Ergo, beside ngircd.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;

std::vector<std::string> numbered(const std::string& before, int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i < to; ++i) out.push_back(fmt::format("{}{}", before, i));
    return out;
}

class BesideErgo : public testing::Test {
protected:
    void SetUp() override {
        if (!IrcServer::installed(IrcServer::Kind::ergo)) GTEST_SKIP() << "ergo is not installed";
        plain = std::make_unique<IrcServer>(IrcServer::Kind::ngircd);
        keeping = std::make_unique<IrcServer>(IrcServer::Kind::ergo);
        house = std::make_unique<House>(irc_account("plain", plain->port()) + irc_account("keeping", keeping->port()) +
                                        "[gateway.lobby]\nrooms = [\"plain/#lobby\", \"keeping/#lobby\"]\n");
        alice = std::make_unique<IrcClient>(keeping->port(), "alice");
        bob = std::make_unique<IrcClient>(plain->port(), "bob");
        alice->join("#lobby");
        bob->join("#lobby");
        for (const auto* name : {"broker", "plain:irc", "keeping:irc"}) house->start(name);
        int tries = 0;
        ASSERT_TRUE(wait_until([&] {
            alice->say("#lobby", fmt::format("try {}", ++tries));
            return !bob->hears("#lobby", 1, 500ms).empty();
        }, 20s)) << house->logs();
        settle();
    }
    void settle() {
        alice->say("#lobby", "settled");
        bob->expect("settled");
    }
    std::unique_ptr<IrcServer> plain, keeping;
    std::unique_ptr<House> house;
    std::unique_ptr<IrcClient> alice, bob;
};

TEST_F(BesideErgo, AKilledBridgeReadsPagesOfWhatItMissedOnceAndInOrder) {
    constexpr int before = 30, missed = 250, after = 20;
    const auto says = [&](int from, int to) {
        for (int i = from; i < to; ++i) alice->say("#lobby", fmt::format("word {}", i));
    };
    says(0, before);
    house->kill("keeping:irc");
    says(before, before + missed);
    house->start("keeping:irc");
    alice->expect("JOIN");
    says(before + missed, before + missed + after);
    constexpr int all = before + missed + after;
    // The room is younger than the place where a bridge that has just come begins to ask: that may be marked.
    auto heard = bob->hears_until("#lobby", [](const auto& lines) { return !lines.empty() && lines.back().ends_with(fmt::format("word {}", all - 1)); }, 30s);
    std::erase_if(heard, [](const auto& line) { return line.find("> word ") == std::string::npos; });
    EXPECT_THAT(heard, ElementsAreArray(numbered("<parley> <alice> word ", 0, all))) << house->logs();
    settle();
    EXPECT_THAT(bob->heard_so_far("#lobby"), testing::IsEmpty());
}

TEST_F(BesideErgo, AKilledBridgeSaysNothingTwiceOfWhatTheOthersSaidMeanwhile) {
    constexpr int all = 60;
    for (int i = 0; i < all / 2; ++i) bob->say("#lobby", fmt::format("word {}", i));
    house->kill("keeping:irc");
    for (int i = all / 2; i < all; ++i) bob->say("#lobby", fmt::format("word {}", i));
    house->start("keeping:irc");
    // What was not yet in the server's history when it was read, but on its way, may come again: then marked.
    const auto heard = alice->hears_until("#lobby", [](const auto& lines) { return !lines.empty() && lines.back().ends_with(fmt::format("word {}", all - 1)); }, 30s);
    std::set<std::string> told, plainly;
    for (const auto& line : heard) {
        const auto word = line.substr(std::min(line.find("word "), line.size()));
        told.insert(word);
        const bool marked = line.find("(maybe again) ") != std::string::npos;
        EXPECT_TRUE(marked || plainly.insert(word).second) << line << " came twice without a mark";
    }
    EXPECT_EQ(told.size(), static_cast<std::size_t>(all)) << house->logs();
}

}  // namespace
}  // namespace parley::tests
