// A gateway of three: a room on ngircd, one on InspIRCd, one on the page; a person in each.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {

class ThreeRooms : public testing::Test {
protected:
    static std::string settings(const IrcServer& small, const IrcServer& large) {
        return irc_account("small", small.port()) + irc_account("large", large.port()) + R"(
[account.web]
platform = "web"
[gateway.lobby]
rooms = ["small/#lobby", "large/#lobby", "web/lobby"]
[command.wait]
summary = "Wait"
run = ["/bin/sleep", "60"]
allow = ["*"]
[command.secret]
summary = "For nobody"
run = ["/bin/true"]
)" + echo_command;
    }
    void SetUp() override {
        house.start_all({"small:irc", "large:irc"});
        alice.join("#lobby");
        bob.join("#lobby");
        // The bridges are in when each hears the other side.
        ASSERT_TRUE(wait_until([&] {
            house.say("web/lobby", "is anybody there?");
            return alice.hears("#lobby", 1, 500ms).size() == 1 && bob.hears("#lobby", 1, 500ms).size() == 1;
        }, 20s)) << house.logs();
        settle();
    }
    // Until everybody has heard everything that was said so far.
    void settle() {
        const auto mark = fmt::format("settled {}", ++marks_);
        house.say("web/lobby", mark);
        alice.expect(mark);
        bob.expect(mark);
    }

    IrcServer small{IrcServer::Kind::ngircd};
    IrcServer large{IrcServer::Kind::inspircd};
    House house{settings(small, large)};
    IrcClient alice{small.port(), "alice"};
    IrcClient bob{large.port(), "bob"};

private:
    int marks_ = 0;
};

}  // namespace parley::tests
