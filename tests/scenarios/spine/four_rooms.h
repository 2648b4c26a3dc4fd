// A gateway of four: a room on ngircd, one on InspIRCd, one on Prosody and one on the page; a person in each.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"
#include "tests/support/xmpp_client.h"
#include "tests/support/xmpp_server.h"

namespace parley::tests {

using Lines = std::vector<std::string>;

inline Lines numbered(const std::string& before, int count, int from = 0) {
    Lines out;
    for (int i = from; i < from + count; ++i) out.push_back(fmt::format("{}{}", before, i));
    return out;
}

// Those of the lines that contain `part`, from there on: "<parley> <alice> stream 3" is "stream 3".
inline Lines of_stream(const Lines& lines, const std::string& part) {
    Lines out;
    for (const auto& line : lines) {
        if (const auto at = line.find(part); at != std::string::npos) out.push_back(line.substr(at));
    }
    return out;
}

inline std::size_t count_of(const Lines& lines, const std::string& part) { return of_stream(lines, part).size(); }

class FourRooms : public testing::Test {
protected:
    static constexpr auto channel = "#lobby";
    static constexpr auto muc = "lobby@conference.localhost";
    static constexpr auto page = "web/lobby";

    static std::string settings(const IrcServer& small, const IrcServer& large, const XmppServer& xmpp) {
        return irc_account("small", small.port()) + irc_account("large", large.port()) +
               xmpp_account("work", xmpp.port(), xmpp.ca_file()) + fmt::format(R"(
[account.web]
platform = "web"
[gateway.lobby]
rooms = ["small/{0}", "large/{0}", "work/{1}", "{2}"]
)", channel, muc, page) + echo_command;
    }
    void SetUp() override {
        house.start_all({"small:irc", "large:irc", "work:xmpp"});
        alice->join(channel);
        bob->join(channel);
        ASSERT_TRUE(carl->join(muc, "carl")) << xmpp.log();
        // The bridges are in when each hears the page.
        ASSERT_TRUE(wait_until([&] {
            const auto mark = fmt::format("is anybody there? {}", ++marks_);
            house.say(page, mark);
            return !alice->expect(mark, 1s).empty() && !bob->expect(mark, 1s).empty() && carl->hears("<operator> " + mark, 1s);
        }, 60s)) << house.logs();
        settle();
    }
    // Until everybody has heard everything that was journaled so far; what they heard on the way.
    struct Heard {
        Lines alice, bob;
    };
    Heard settle() {
        const auto mark = fmt::format("settled {}", ++marks_);
        house.say(page, mark, 60s);
        const auto until_mark = [&](IrcClient& person) {
            return person.hears_until(channel, [&](const Lines& lines) { return count_of(lines, mark) > 0; }, 30s);
        };
        Heard out{until_mark(*alice), until_mark(*bob)};
        EXPECT_TRUE(carl->hears("<operator> " + mark, 30s)) << house.logs();
        EXPECT_EQ(count_of(out.alice, mark), 1U) << house.logs();
        EXPECT_EQ(count_of(out.bob, mark), 1U) << house.logs();
        return out;
    }
    // Everything that the room's archive on Prosody holds of a stream: what Carl would have seen, had he always been there.
    Lines carls(const std::string& part) { return of_stream(carl->archive(muc), part); }
    // What the page shows of it, oldest first; waits until it is as much as expected, for the archive follows.
    Lines pages(const std::string& part, std::size_t count) {
        wait_until([&] { return house.page_hears(page, part).size() >= count; }, 30s, 50ms);
        return of_stream(house.page_hears(page, part), part);
    }

    IrcServer small{IrcServer::Kind::ngircd};
    IrcServer large{IrcServer::Kind::inspircd};
    XmppServer xmpp{{"parley", "carl"}};
    House house{settings(small, large, xmpp)};
    std::unique_ptr<IrcClient> alice = std::make_unique<IrcClient>(small.port(), "alice");
    std::unique_ptr<IrcClient> bob = std::make_unique<IrcClient>(large.port(), "bob");
    std::unique_ptr<XmppClient> carl = std::make_unique<XmppClient>(xmpp.port(), "carl");

private:
    int marks_ = 0;
};

}  // namespace parley::tests
