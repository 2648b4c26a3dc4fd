// A keeper left alone: it keeps the connection, up to its limits; and what it cannot help is marked.
#include <fstream>

#include "tests/scenarios/keeper/kept_rooms.h"

namespace parley::tests {
namespace {

using testing::SizeIs;

class KeeperAlone : public KeptRooms {};

// Alice and Bob do not answer the server's PINGs and are thrown out for it; they spoke last, so the bridges would have been
// before them.
TEST_F(KeeperAlone, AnswersTheServerWhileTheBridgeIsAway) {
    begin({.ping_seconds = 5});
    house->kill(small->bridge());
    house->kill(large->bridge());
    small->says(3);
    large->says(3);
    for (auto* side : {&*small, &*large}) ASSERT_TRUE(sees(*side, " QUIT :")) << house->logs();  // the witnesses answer
    EXPECT_THAT(small->witness->that_hold(":alice!"), testing::Contains(testing::HasSubstr(" QUIT :")));
    EXPECT_THAT(large->witness->that_hold(":bob!"), testing::Contains(testing::HasSubstr(" QUIT :")));
    small->speaker = std::make_unique<IrcClient>(small->server.port(), "alice");
    large->speaker = std::make_unique<IrcClient>(large->server.port(), "bob");
    small->speaker->join("#lobby");
    large->speaker->join("#lobby");
    house->start(small->bridge());
    house->start(large->bridge());
    settle();
    expect_all_once_and_in_order();
    expect_unseen();
}

TEST_F(KeeperAlone, LeavesWhenItIsFullAndMarksWhatIsMissing) {
    begin({}, "keeper_bytes = \"64 KiB\"\n");
    house->kill(small->bridge());
    for (int i = 0; i < 400; ++i) {
        small->said.push_back(fmt::format("small's {:0>300}.", i));
        small->speaker->say("#lobby", small->said.back());
    }
    ASSERT_TRUE(small->witness->sees("Nobody listens any more")) << house->logs();
    small->speaker->heard_so_far("#lobby");
    house->start(small->bridge());
    ASSERT_TRUE(small->witness->sees(" JOIN ")) << house->logs();
    const auto before = small->said.size();
    small->says(3);
    settle();
    // All that it had room for, then the mark, then what is new.
    const auto told = large->witness->told("small's ");
    ASSERT_GT(told.size(), 100U) << house->logs();
    ASSERT_LT(told.size(), small->said.size());
    const auto kept = told.size() - 3;
    EXPECT_TRUE(std::equal(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(kept), small->said.begin()));
    EXPECT_TRUE(std::equal(told.end() - 3, told.end(), small->said.begin() + static_cast<std::ptrdiff_t>(before)));
    EXPECT_THAT(large->witness->that_hold("is not available"), SizeIs(1)) << house->logs();
}

TEST_F(KeeperAlone, LeavesWhenTheBridgeStaysAwayForTooLong) {
    begin({}, "keeper_age = \"1 s\"\n");
    house->kill(small->bridge());
    ASSERT_TRUE(small->witness->sees("Nobody listens any more")) << house->logs();
}

TEST_F(KeeperAlone, MarksWhatIsMissingWhenTheServerDiesWhileTheBridgeIsAway) {
    begin({});
    house->kill(small->bridge());
    small->says(20);
    small->speaker->heard_so_far("#lobby");
    const auto kept = [&] { return read_file(house->folder() / "data/bridges/small/keeper/kept"); };
    ASSERT_TRUE(wait_until([&] { return kept().find(small->said.back()) != std::string::npos; })) << house->logs();
    small->server.kill();
    small->server.start();
    small->come("alice");
    house->start(small->bridge());
    ASSERT_TRUE(small->witness->sees(" JOIN ")) << house->logs();
    small->says(5);
    settle();
    EXPECT_THAT(large->witness->told("small's "), testing::ElementsAreArray(small->said)) << house->logs();
    EXPECT_THAT(large->witness->that_hold("is not available"), SizeIs(1)) << house->logs();
}

// The connection was made by the settings as they were: a bridge that finds others makes it again.
TEST_F(KeeperAlone, IsNotKeptToSettingsThatHaveChanged) {
    begin({});
    house->kill(small->bridge());
    auto settings = read_file(house->settings_file());
    const auto port = fmt::format("port = {}\n", small->server.port());
    settings.replace(settings.find(port), port.size(), port + "realname = \"Another name\"\n");
    std::ofstream(house->settings_file()) << settings;
    house->start(small->bridge());
    ASSERT_TRUE(small->witness->sees(" QUIT ")) << house->logs();
    ASSERT_TRUE(small->witness->sees(" JOIN ")) << house->logs();
    small->speaker->raw("WHOIS parley");
    EXPECT_NE(small->speaker->expect("Another name"), "");
    small->says(1);
    settle();
    EXPECT_THAT(large->witness->that_hold("is not available"), SizeIs(1)) << house->logs();
}

}  // namespace
}  // namespace parley::tests
