// The pace that the settings have by default, against the flood limits that the servers have by default.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

// Both at once, since so many lines take minutes at a pace that every network allows. PARLEY_PACE_LINES=200 for more.
TEST(DefaultPace, ABurstArrivesWholeAndTheServersDoNotMind) {
    for (const auto kind : {IrcServer::Kind::ngircd, IrcServer::Kind::inspircd})
        if (!IrcServer::installed(kind)) GTEST_SKIP() << "ngircd or inspircd is not installed";
    const char* wanted = std::getenv("PARLEY_PACE_LINES");
    const std::size_t count = wanted == nullptr ? 60 : std::strtoul(wanted, nullptr, 10);
    ASSERT_GT(count, 0u);
    std::vector<std::string> burst, expected;
    for (std::size_t i = 0; i < count; ++i) {
        burst.push_back(fmt::format("<bob> line {} of a burst that somebody pasted elsewhere", i));
        expected.push_back("<parley> " + burst.back());
    }
    struct Side {
        explicit Side(IrcServer::Kind kind)
            : server(kind, IrcServer::Options{.floods_allowed = false}),
              bot(server, {.paced = true}),
              alice(server.port(), "alice") {
            alice.join("#ops");
        }
        IrcServer server;
        Bot bot;
        IrcClient alice;
        std::vector<std::string> heard;
    };
    Side small(IrcServer::Kind::ngircd), large(IrcServer::Kind::inspircd);
    for (auto* side : {&small, &large})
        for (const auto& text : burst) side->bot.say("#ops", text);
    const auto answered = [count](const Side& side) {
        return side.bot.host.receipts.size() + side.bot.host.refusals.size() >= count;
    };
    // The people's side is read on the way, so that it answers the server's PINGs.
    const auto step = [&] {
        for (auto* side : {&small, &large}) {
            side->bot.reactor.run_for(50ms);
            for (auto& line : side->alice.hears("#ops", count, 20ms)) side->heard.push_back(std::move(line));
        }
        return answered(small) && answered(large);
    };
    EXPECT_TRUE(tests::wait_until(step, 15min));
    for (auto* side : {&small, &large}) {
        for (auto& line : side->alice.heard_so_far("#ops")) side->heard.push_back(std::move(line));
        EXPECT_EQ(side->heard.size(), count);
        const auto differs = std::mismatch(side->heard.begin(), side->heard.end(), expected.begin(), expected.end());
        EXPECT_EQ(differs.second - expected.begin(), static_cast<std::ptrdiff_t>(count))
            << "all, once, in order, up to " << (differs.first == side->heard.end() ? "the end" : *differs.first);
        EXPECT_THAT(side->bot.host.refusals, IsEmpty());
        EXPECT_EQ(side->bot.host.connecting.size(), 1u) << "the link was lost: " << side->bot.host.link_reason.text();
    }
}

}  // namespace
}  // namespace parley::irc
