// A command asked in one room is answered in all, recorded, and found again.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/three_rooms.h"

namespace parley::tests {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Commands : public ThreeRooms {};

TEST_F(Commands, AnswersInEveryRoomWhereverItWasAsked) {
    alice.say("#lobby", "!echo asked-on-ngircd");
    EXPECT_THAT(alice.hears("#lobby"), Contains(HasSubstr("asked-on-ngircd"))) << house.logs();
    EXPECT_THAT(bob.hears("#lobby", 2), Contains("<parley> asked-on-ngircd"));
    bob.say("#lobby", "!echo asked-on-inspircd");
    EXPECT_THAT(alice.hears("#lobby", 2), Contains("<parley> asked-on-inspircd"));
    house.say("web/lobby", "!echo asked-on-the-page");
    EXPECT_THAT(alice.hears("#lobby", 2), Contains("<parley> asked-on-the-page"));
    ASSERT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "asked-on-the-page").size() >= 2; })) << house.logs();
}

TEST_F(Commands, FindsTheRunInChatAndByTheApi) {
    alice.say("#lobby", "!echo grapefruit");
    alice.expect("grapefruit");
    ASSERT_TRUE(wait_until([&] { return !house.search("command:echo grapefruit").empty(); }, 5s)) << house.logs();
    const auto hit = house.search("command:echo grapefruit")[0];
    EXPECT_EQ(hit.value("outcome", ""), "succeeded") << hit.dump();
    alice.say("#lobby", "!search grapefruit");
    EXPECT_THAT(alice.expect("PRIVMSG #lobby"), HasSubstr("grapefruit"));
    alice.say("#lobby", "!last echo");
    EXPECT_NE(alice.expect("alice asked for \x11!echo grapefruit\x11"), "");
}

TEST_F(Commands, NamesTheNearestOfAnUnknownCommand) {
    alice.say("#lobby", "!ehco x");
    EXPECT_THAT(alice.hears("#lobby"), Contains(HasSubstr("\x11" "echo\x11")));
}

TEST_F(Commands, DeniesWhatNobodyWasAllowed) {
    alice.say("#lobby", "!secret");
    EXPECT_THAT(alice.hears("#lobby"), Contains(HasSubstr("you may not use \x11secret\x11 here")));
}

TEST_F(Commands, IsLostAndSaysSoWhenItsWorkerIsKilled) {
    alice.say("#lobby", "!wait");
    ASSERT_TRUE(wait_until([&] { return house.log("worker").find("command=wait") != std::string::npos; })) << house.logs();
    house.kill("worker");
    EXPECT_NE(alice.expect("\x11wait\x11 was lost"), "") << house.logs();
    house.start("worker");
    alice.say("#lobby", "!echo still-here");
    EXPECT_NE(alice.expect("still-here"), "");
}

}  // namespace
}  // namespace parley::tests
