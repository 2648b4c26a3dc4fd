// Peers that are not as we are: one that never acknowledges, one of another version.
#include <zmq.hpp>

#include "broker/bus/frames.h"
#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

class SilentFollower : public InProcess {
protected:
    static constexpr std::uint32_t credit = 10;
    static constexpr int said_by_others = 2000;

    const bus::Value* follower(const bus::Value& status, const std::string& name) {
        for (const auto& one : status["followers"].list())
            if (one["name"].text() == name) return &one;
        return nullptr;
    }
};

TEST_F(SilentFollower, HoldsUpNobodyAndIsSentNoMoreThanItsCredit) {
    auto& silent = client("silent", bus::Role::indexer);
    auto& quick = client("quick", bus::Role::indexer);
    std::size_t to_silent = 0, to_quick = 0;
    bus::FollowOptions follow;
    follow.cursor = "silent";
    follow.credit = credit;
    silent.follow(follow, [&](const std::vector<bus::Followed>& events) { to_silent += events.size(); });
    follow.cursor = "quick";
    quick.follow(follow, [&](const std::vector<bus::Followed>& events) {
        to_quick += events.size();
        quick.acknowledge(events.back().event.sequence);
    });
    auto& irc = client("irc", bus::Role::bridge);
    for (int i = 0; i < said_by_others; ++i) irc.publish(said("irc", std::to_string(i), "words"));
    until([&] { return to_quick == said_by_others; }, "the follower that acknowledges has everything");
    EXPECT_EQ(to_silent, credit);

    // It can be seen, and who will not come back can be forgotten.
    const auto status = ask("status");
    ASSERT_TRUE(status) << status.error().text();
    const auto* shown = follower(*status, "silent");
    ASSERT_NE(shown, nullptr) << status->json();
    EXPECT_EQ((*shown)["lag"].number(), said_by_others);
    EXPECT_GT((*shown)["lag_us"].number(), 0);
    kill(silent);
    broker_.reset();  // at once, and not when it has been silent for ten seconds
    start();
    const auto later = ask("status");
    ASSERT_TRUE(later) << later.error().text();
    const auto* gone = follower(*later, "silent");
    ASSERT_NE(gone, nullptr) << later->json();
    EXPECT_FALSE((*gone)["connected"].boolean());
    EXPECT_EQ((*gone)["lag"].number(), said_by_others) << "the journal keeps its place";
    EXPECT_TRUE(ask("forget", bus::Value::map({{"cursor", "silent"}})));
    const auto last = ask("status");
    EXPECT_EQ(follower(*last, "silent"), nullptr);
}

TEST_F(SilentFollower, GetsTheRestWhenItAcknowledgesAtLast) {
    auto& silent = client("silent", bus::Role::indexer);
    std::vector<bus::Sequence> got;
    bus::FollowOptions follow;
    follow.cursor = "silent";
    follow.credit = credit;
    silent.follow(follow, [&](const std::vector<bus::Followed>& events) {
        for (const auto& one : events) got.push_back(one.event.sequence);
    });
    auto& irc = client("irc", bus::Role::bridge);
    for (int i = 0; i < 100; ++i) publish(irc, said("irc", std::to_string(i), "words"));
    until([&] { return got.size() == credit; }, "its credit");
    until([&] {
        silent.acknowledge(got.back());
        return got.size() == 100;
    }, "all of it");
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], i + 1);
}

class PeerOfAnotherVersion : public InProcess {
protected:
    bus::FromBroker answer_to_version(std::uint32_t version) {
        zmq::context_t context;
        zmq::socket_t peer(context, zmq::socket_type::dealer);
        peer.set(zmq::sockopt::linger, 0);
        peer.connect(settings_.house.endpoint);
        peer.send(zmq::buffer(bus::encode(bus::ToBroker(bus::to_broker::Hello{version, "peer", bus::Role::operator_}))), zmq::send_flags::none);
        std::optional<bus::FromBroker> out;
        until([&] {
            zmq::message_t message;
            if (!peer.recv(message, zmq::recv_flags::dontwait)) return false;
            if (const auto frame = bus::decode_from_broker(message.to_string_view())) out = *frame;
            return out.has_value();
        }, "an answer to hello");
        return out.value_or(bus::FromBroker());
    }
};

TEST_F(PeerOfAnotherVersion, IsServedIfItIsOurs) {
    const auto answer = answer_to_version(bus::protocol_version);
    ASSERT_TRUE(std::holds_alternative<bus::from_broker::Welcome>(answer));
    EXPECT_EQ(std::get<bus::from_broker::Welcome>(answer).version, bus::protocol_version);
}

TEST_F(PeerOfAnotherVersion, IsRefusedIfItIsNewerAndToldWhichIsToBeInstalled) {
    const auto answer = answer_to_version(bus::protocol_version + 1);
    const auto* refused = std::get_if<bus::from_broker::Refused>(&answer);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->error.code, service::Code::unsupported);
    EXPECT_THAT(refused->error.text(), testing::HasSubstr("the broker is the older one"));
}

TEST_F(PeerOfAnotherVersion, IsRefusedIfItIsTooOldAndToldWhichIsToBeInstalled) {
    const auto answer = answer_to_version(0);
    const auto* refused = std::get_if<bus::from_broker::Refused>(&answer);
    ASSERT_NE(refused, nullptr);
    EXPECT_THAT(refused->error.text(), testing::HasSubstr("install a newer version of this process"));
}

}  // namespace
}  // namespace parley::broker
