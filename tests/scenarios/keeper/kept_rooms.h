// A gateway of a room on ngircd and one on InspIRCd, each behind a keeper; a person in each who talks, and one who only
// watches.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/house.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::tests {

using Lines = std::vector<std::string>;

// Everything that one client sees, as raw lines.
class Witness {
public:
    Witness(std::uint16_t port, const std::string& nick) : client_(port, nick) {}
    IrcClient& client() { return client_; }
    // Until a line holds `part`.
    bool sees(const std::string& part, std::chrono::milliseconds deadline = 30s) {
        if (std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) { return holds(line, part); })) return true;
        const auto found = client_.expect([&](std::string_view line) {
            lines_.emplace_back(line);
            return holds(lines_.back(), part);
        }, deadline);
        return !found.empty();
    }
    // Reads on, for so long: a client that does not read answers no PING, and is thrown out for it.
    void stays(std::chrono::milliseconds time) {
        client_.expect([&](std::string_view line) {
            lines_.emplace_back(line);
            return false;
        }, time);
    }
    Lines that_hold(const std::string& part) const {
        Lines out;
        for (const auto& line : lines_)
            if (holds(line, part)) out.push_back(line);
        return out;
    }
    // What the bridge said that contains `part`, from there on.
    Lines told(const std::string& part) const {
        Lines out;
        for (const auto& line : lines_)
            if (const auto at = line.find(part); line.starts_with(":parley") && at != std::string::npos) out.push_back(line.substr(at));
        return out;
    }
    // How often the bridge came or went.
    std::size_t comings_and_goings() const {
        return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [](const std::string& line) {
            return line.starts_with(":parley") && (holds(line, " QUIT ") || holds(line, " JOIN ") || holds(line, " PART ") || holds(line, " NICK "));
        }));
    }
    void forget() { lines_.clear(); }

private:
    static bool holds(const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; }
    IrcClient client_;
    Lines lines_;
};

struct Side {
    IrcServer server;
    std::string account;
    std::unique_ptr<IrcClient> speaker;
    std::unique_ptr<Witness> witness;
    Lines said;

    Side(IrcServer::Kind kind, IrcServer::Options options, std::string name) : server(kind, options), account(std::move(name)) {}
    std::string bridge() const { return account + ":irc"; }
    std::string keeper() const { return account + ":irc-keeper"; }
    void come(const std::string& nick) {
        speaker = std::make_unique<IrcClient>(server.port(), nick);
        witness = std::make_unique<Witness>(server.port(), nick + "-eye");
        speaker->join("#lobby");
        witness->client().join("#lobby");
    }
    // "alice's 7"
    void says(int count) {
        for (int i = 0; i < count; ++i) {
            said.push_back(fmt::format("{}'s {}.", account, said.size()));
            speaker->say("#lobby", said.back());
        }
    }
};

class KeptRooms : public testing::Test {
protected:
    static IrcServer::Options options(bool tls) { return {.tls = tls}; }
    static std::string account(const Side& side, bool tls, const std::string& more) {
        auto out = irc_account(side.account, tls ? side.server.tls_port() : side.server.port());
        if (tls) out += fmt::format("tls = true\nca_file = \"{}\"\n", side.server.ca_file().string());
        return out + "reconnect_after = \"100 ms\"\n" + more;
    }
    // Both bridges in their rooms, and each person hears the other.
    void begin(const IrcServer::Options& server, const std::string& more = {}) {
        small.emplace(IrcServer::Kind::ngircd, server, "small");
        large.emplace(IrcServer::Kind::inspircd, server, "large");
        house.emplace(account(*small, server.tls, more) + account(*large, server.tls, more) +
                      "[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"small/#lobby\", \"large/#lobby\", \"web/lobby\"]\n");
        house->start("broker");
        for (auto* side : {&*small, &*large}) {
            house->start(side->keeper());
            house->start(side->bridge());
        }
        house->start("indexer");
        house->start("web");
        small->come("alice");
        large->come("bob");
        ASSERT_TRUE(wait_until([&] {
            house->say("web/lobby", "is anybody there?");
            return small->witness->sees("is anybody there?", 500ms) && large->witness->sees("is anybody there?", 500ms);
        }, 30s)) << house->logs();
        settle();
        small->witness->forget();
        large->witness->forget();
    }
    // Until everybody has heard everything that was said so far. Each speaker says the mark, too: a mark that is heard
    // elsewhere shows that all before it was.
    void settle() {
        const auto mark = fmt::format("settled {}.", ++marks_);
        for (auto* side : {&*small, &*large}) {
            side->speaker->say("#lobby", side->account + " " + mark);
            auto& other = side == &*small ? *large : *small;
            ASSERT_TRUE(sees(other, side->account + " " + mark)) << house->logs();
        }
        house->say("web/lobby", "page " + mark, 30s);
        for (auto* side : {&*small, &*large}) ASSERT_TRUE(sees(*side, "page " + mark)) << house->logs();
    }
    // Until the witness on this side sees it; the other one stays, too.
    bool sees(const Side& side, const std::string& part) {
        return wait_until([&] {
            for (auto* witness : {small->witness.get(), large->witness.get()}) witness->stays(20ms);
            return !side.witness->that_hold(part).empty();
        }, 30s);
    }
    void expect_all_once_and_in_order() {
        EXPECT_THAT(large->witness->told("small's "), testing::ElementsAreArray(small->said)) << house->logs();
        EXPECT_THAT(small->witness->told("large's "), testing::ElementsAreArray(large->said)) << house->logs();
    }
    // Nobody in the rooms could tell that anything has happened.
    void expect_unseen() {
        for (auto* side : {&*small, &*large}) {
            EXPECT_EQ(side->witness->comings_and_goings(), 0U) << "on " << side->account << house->logs();
            EXPECT_THAT(side->witness->that_hold("(maybe again)"), testing::IsEmpty()) << house->logs();
            EXPECT_THAT(side->witness->that_hold("is not available"), testing::IsEmpty()) << house->logs();
        }
    }

    std::optional<Side> small, large;
    std::optional<House> house;

private:
    int marks_ = 0;
};

}  // namespace parley::tests
