// A bridge and its keeper on real servers: the next bridge goes on where the one before was; and what they say when they
// do not understand each other.
#include <unistd.h>

#include <thread>

#include "bridges/irc/keeper/keeper.h"
#include "tests/contract/irc/recording.h"

namespace parley::irc {
namespace {

using keeper::Frame;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KeeperHere {
public:
    explicit KeeperHere(const tests::TempFolder& folder) : socket_(folder.path() / "run" / "keeper") {
        std::filesystem::create_directories(folder.path() / "kept");
        keeper_ = std::make_unique<keeper::Keeper>(reactor_, clock_, random_, folder.path() / "kept", socket_);
        thread_ = std::thread([this] { reactor_.run(); });
    }
    ~KeeperHere() {
        reactor_.stop();
        thread_.join();
    }
    std::string socket() const { return socket_.string(); }

private:
    service::Reactor reactor_;
    service::SystemClock clock_;
    service::SystemRandom random_;
    std::filesystem::path socket_;
    std::unique_ptr<keeper::Keeper> keeper_;
    std::thread thread_;
};

struct Where {
    IrcServer::Kind kind;
    bool tls;
};

class BehindAKeeper : public ::testing::TestWithParam<Where> {
protected:
    void SetUp() override {
        server_ = std::make_unique<IrcServer>(GetParam().kind, IrcServer::Options{.tls = GetParam().tls});
        if (GetParam().tls) options_.more = "ca_file = \"" + server_->ca_file().string() + "\"\n";
        options_.tls = GetParam().tls;
        options_.keeper = keeper_.socket();
    }
    tests::TempFolder folder_;
    KeeperHere keeper_{folder_};
    std::unique_ptr<IrcServer> server_;
    Bot::Options options_;
};

TEST_P(BehindAKeeper, TheNextBridgeGoesOnWhereTheOneBeforeWas) {
    auto bot = std::make_unique<Bot>(*server_, options_);
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    alice.say("#ops", "to the first");
    ASSERT_TRUE(bot->until([&] { return bot->host.said().size() == 1; }));
    const auto prefix_room = bot->platform().capabilities().text_max;
    bot.reset();
    alice.say("#ops", "to nobody");
    alice.change_nick("alice2");
    Bot next(*server_, options_);
    EXPECT_THAT(next.host.kept, ElementsAre("#ops"));
    alice.say("#ops", "to the second");
    ASSERT_TRUE(next.until([&] { return next.host.said().size() == 2; }));
    EXPECT_THAT(next.host.said(), ElementsAre("#ops <alice> to nobody", "#ops <alice2> to the second"));
    EXPECT_EQ(next.host.memberships(bus::Membership::Change::rename).size(), 1U) << "who was there is known";
    EXPECT_EQ(next.platform().capabilities().text_max, prefix_room) << "how we are seen is known";
    next.say("#ops", "here again");
    ASSERT_TRUE(next.until_answered());
    std::string seen;
    alice.expect([&](std::string_view line) {
        seen.append(line).append("\n");
        return line.find("here again") != std::string_view::npos;
    });
    EXPECT_THAT(seen, AllOf(HasSubstr("here again"), ::testing::Not(HasSubstr(" QUIT ")), ::testing::Not(HasSubstr(":parley!p@127.0.0.1 JOIN"))));
}

TEST_P(BehindAKeeper, WhatWasSaidInTheMeantimeHasItsOwnTime) {
    auto bot = std::make_unique<Bot>(*server_, options_);
    IrcClient alice(server_->port(), "alice");
    alice.join("#ops");
    bot.reset();
    const auto before = std::chrono::system_clock::now();
    alice.say("#ops", "to nobody");
    ASSERT_TRUE(tests::wait_until([&] { return tests::read_file(folder_.path() / "kept" / "kept").find("to nobody") != std::string::npos; }));
    const auto after = std::chrono::system_clock::now();
    Bot next(*server_, options_);
    ASSERT_TRUE(next.until([&] { return next.host.said().size() == 1; }));
    const auto time = next.host.events.back().time.time_since_epoch();
    EXPECT_GE(time, std::chrono::floor<std::chrono::milliseconds>(before).time_since_epoch());
    EXPECT_LE(time, after.time_since_epoch());
}

INSTANTIATE_TEST_SUITE_P(Everywhere, BehindAKeeper,
                         ::testing::Values(Where{IrcServer::Kind::ngircd, false}, Where{IrcServer::Kind::ngircd, true},
                                           Where{IrcServer::Kind::inspircd, false}, Where{IrcServer::Kind::inspircd, true}),
                         [](const auto& where) {
                             return std::string(where.param.kind == IrcServer::Kind::ngircd ? "ngircd" : "inspircd") + (where.param.tls ? "Tls" : "");
                         });

class OfTwoVersions : public ::testing::Test {
protected:
    Bot::Options options() {
        Bot::Options out;
        out.join = false;
        out.keeper = (folder_.path() / "run" / "keeper").string();
        return out;
    }
    tests::TempFolder folder_;
    IrcServer server_{IrcServer::Kind::ngircd};
};

TEST_F(OfTwoVersions, ABridgeSaysWhichAndWhatToDo) {
    Bot bot(server_, options());
    std::optional<kit::Channel> guest;
    kit::ChannelListener later(bot.reactor, folder_.path() / "run" / "keeper", [&](int socket) {
        guest.emplace(bot.reactor, socket, kit::Channel::Events{[&](std::string_view) { guest->send(keeper::encode(keeper::Refused{7, 4711, {}})); },
                                                                [](const service::Error&) {}});
    });
    ASSERT_TRUE(bot.until([&] { return bot.host.link_reason.code == service::Code::unsupported; }));
    EXPECT_THAT(bot.host.link_reason.text(), AllOf(HasSubstr("speaks version " + std::to_string(keeper::protocol_version)), HasSubstr("speaks version 7"), HasSubstr("process 4711"), HasSubstr("end the keeper")));
}

TEST_F(OfTwoVersions, AKeeperTurnsABridgeAwayAndTakesTheNext) {
    const KeeperHere keeper(folder_);
    service::Reactor reactor;
    for (const auto& first : {keeper::encode(keeper::Hello{99}), std::string("no frame"), keeper::encode(keeper::Taken{1})}) {
        std::vector<std::string> answers;
        bool closed = false;
        kit::Channel guest(reactor, kit::Channel::connect(keeper.socket()).value(),
                           {[&](std::string_view frame) { answers.emplace_back(frame); }, [&](const service::Error&) { closed = true; }});
        guest.send(first);
        ASSERT_TRUE(tests::wait_until([&] { return reactor.run_for(std::chrono::milliseconds(2)), closed; })) << first;
        const auto refused = answers.empty() ? service::Result<Frame>(Frame{}) : keeper::decode(answers[0]);
        ASSERT_TRUE(refused);
        if (const auto* why = std::get_if<keeper::Refused>(&*refused)) {
            EXPECT_EQ(why->version, keeper::protocol_version);
            EXPECT_EQ(why->process, static_cast<std::uint64_t>(::getpid()));
        }
        EXPECT_EQ(answers.size(), first.find("hello") != std::string::npos ? 1U : 0U);
    }
    auto welcome = options();
    welcome.join = true;
    const Bot bot(server_, welcome);
}

TEST_F(OfTwoVersions, WithoutAKeeperABridgeSaysSoAndWaitsForOne) {
    Bot bot(server_, options());
    ASSERT_TRUE(bot.until([&] { return bot.host.link_reason.code == service::Code::unavailable; }));
    EXPECT_THAT(bot.host.link_reason.text(), AllOf(HasSubstr("the keeper of this account does not run"), HasSubstr("parley up")));
    const KeeperHere keeper(folder_);
    EXPECT_TRUE(bot.until_joined());
}

}  // namespace
}  // namespace parley::irc
