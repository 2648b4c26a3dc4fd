// Publishing, following, restarts and questions. Runs and limits have files of their own.
#include <zmq.hpp>

#include "broker/bus/frames.h"
#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

TEST_F(InProcess, GivesAnEventOneSequenceHoweverOftenItComes) {
    auto& irc = client("irc", bus::Role::bridge);
    EXPECT_EQ(publish(irc, said("irc", "1", "hello")), 1U);
    EXPECT_EQ(publish(irc, said("irc", "2", "again")), 2U);
    EXPECT_EQ(publish(irc, said("irc", "1", "hello")), 1U);
}

TEST_F(InProcess, LetsABridgePublishOnlyAsItself) {
    const auto answer = publish(client("irc", bus::Role::bridge), said("xmpp", "1", "hello"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, service::Code::denied);
}

TEST_F(InProcess, AHelloThatComesAgainBringsNoMoreServices) {
    zmq::context_t context;
    zmq::socket_t peer(context, zmq::socket_type::dealer);
    peer.set(zmq::sockopt::linger, 0);
    peer.connect(settings_.house.endpoint);
    const auto say = [&](const bus::ToBroker& frame) { peer.send(zmq::buffer(bus::encode(frame)), zmq::send_flags::none); };
    say(bus::to_broker::Hello{bus::protocol_version, "many", bus::Role::operator_});
    say(bus::to_broker::Serve{"old"});
    say(bus::to_broker::Hello{bus::protocol_version, "many", bus::Role::operator_});
    say(bus::to_broker::Serve{"new"});
    std::vector<bus::from_broker::Reply> replies;
    say(bus::to_broker::Query{1, "old", "x", "", 50ms});
    say(bus::to_broker::Query{2, "new", "x", "", 50ms});
    until([&] {
        zmq::message_t message;
        while (peer.recv(message, zmq::recv_flags::dontwait)) {
            const auto frame = bus::decode_from_broker(message.to_string_view());
            if (const auto* reply = std::get_if<bus::from_broker::Reply>(&*frame)) replies.push_back(*reply);
        }
        return replies.size() == 2;
    }, "two answers");
    EXPECT_EQ(replies[0].error.code, service::Code::unavailable) << "nobody offers it any more";
    EXPECT_EQ(replies[1].error.code, service::Code::timeout) << "it is offered, and not answered";
}

TEST_F(InProcess, HandsEachAccountWhatIsForItsRooms) {
    std::vector<bus::Followed> got;
    auto& xmpp = client("xmpp", bus::Role::bridge);
    bus::FollowOptions follow;
    follow.cursor = "bridge:xmpp";
    follow.filter.deliver_to = "xmpp";
    xmpp.follow(follow, [&](std::vector<bus::Followed> events) { got.insert(got.end(), events.begin(), events.end()); });
    publish(client("irc", bus::Role::bridge), said("irc", "1", "from irc"));
    publish(xmpp, said("xmpp", "1", "from xmpp, which it does not hear again"));
    until([&] { return !got.empty(); }, "the message from irc");
    reactor_.run_for(30ms);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_THAT(got[0].recipients, ElementsAre(bus::RoomAddress{"xmpp", "ops"}));
    EXPECT_EQ(got[0].event.sequence, 1U);
}

TEST_F(InProcess, SendsNoMoreThanTheCreditAndGoesOnWhenAcknowledged) {
    auto& irc = client("irc", bus::Role::bridge);
    for (int i = 0; i < 5; ++i) publish(irc, said("irc", std::to_string(i), "x"));
    std::vector<bus::Sequence> got;
    auto& indexer = client("indexer", bus::Role::indexer);
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    follow.credit = 2;
    indexer.follow(follow, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) got.push_back(followed.event.sequence);
    });
    until([&] { return got.size() == 2; }, "the first two");
    reactor_.run_for(30ms);
    EXPECT_THAT(got, ElementsAre(1, 2));
    indexer.acknowledge(2);
    until([&] { return got.size() == 4; }, "two more");
    EXPECT_THAT(got, ElementsAre(1, 2, 3, 4));
}

TEST_F(InProcess, GoesOnWhereItWasAfterARestart) {
    auto& irc = client("irc", bus::Role::bridge);
    std::vector<bus::Sequence> got;
    auto& indexer = client("indexer", bus::Role::indexer);
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    indexer.follow(follow, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) got.push_back(followed.event.sequence);
        indexer.acknowledge(got.back());
    });
    publish(irc, said("irc", "1", "before"));
    until([&] { return got.size() == 1; }, "the first");
    broker_.reset();
    std::optional<service::Result<bus::Sequence>> meanwhile;
    irc.publish(said("irc", "2", "meanwhile"), [&](service::Result<bus::Sequence> answer) { meanwhile = std::move(answer); });
    reactor_.run_for(50ms);
    EXPECT_FALSE(meanwhile) << "acknowledged by nobody";
    start();
    until([&] { return meanwhile.has_value() && got.size() == 2; }, "what was published while the broker was away");
    EXPECT_EQ(**meanwhile, 2U);
    EXPECT_THAT(got, ElementsAre(1, 2));
}

TEST_F(InProcess, RefusesASecondBrokerAtTheSamePlace) {
    Settings other = settings_;
    other.house.data = folder_ / "other";
    const auto second = Broker::start(reactor_, clock_, random_, other, commands_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
    EXPECT_THAT(second.error().what, testing::HasSubstr("already running"));
}

TEST_F(InProcess, RefusesASecondBrokerOnTheSameJournal) {
    Settings other = settings_;
    other.house.endpoint = "ipc://" + folder_.string() + "/run/other";
    const auto second = Broker::start(reactor_, clock_, random_, other, commands_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
}

TEST_F(InProcess, CarriesQuestionsToWhoAnswersThem) {
    client("indexer", bus::Role::indexer).serve("archive", [](std::string method, std::string request, std::chrono::milliseconds, bus::Client::Reply reply) { reply(method + ":" + request); });
    auto& asker = client("cli", bus::Role::operator_);
    std::optional<service::Result<std::string>> answer;
    const auto ask = [&](const std::string& service) {
        answer.reset();
        asker.query(service, "search", "x", 2s, [&](service::Result<std::string> got) { answer = std::move(got); });
        until([&] { return answer.has_value(); }, "an answer");
    };
    ask("archive");
    for (int i = 0; i < 20 && !*answer; ++i) ask("archive");  // the service may come a moment later
    ASSERT_TRUE(*answer) << answer->error().text();
    EXPECT_EQ(**answer, "search:x");
    ask("nobody");
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().code, service::Code::unavailable);
}

TEST_F(InProcess, MovesTheCursorOfAFollowerThatIsSparedEverything) {
    auto& irc = client("irc", bus::Role::bridge);
    bus::FollowOptions follow;
    follow.cursor = "picky";
    follow.filter.rooms = {{"irc", "#elsewhere"}};
    client("picky", bus::Role::indexer).follow(follow, [](const std::vector<bus::Followed>&) { ADD_FAILURE() << "nothing is for it"; });
    for (int i = 0; i < 3; ++i) publish(irc, said("irc", std::to_string(i), "x"));
    const auto lag = [&] { return ask("status").value()["followers"].list().at(0)["lag"].number(-1); };
    until([&] { return !ask("status").value()["followers"].list().empty(); }, "the follower");
    until([&] { return lag() == 0; }, "the end of the journal");
}

TEST_F(InProcess, FiltersByGatewayAndKind) {
    std::vector<std::string> got;
    auto& irc = client("irc", bus::Role::bridge);
    bus::FollowOptions follow;
    follow.filter.gateways = {"ops"};
    follow.filter.kinds = {bus::Kind::message};
    client("watcher", bus::Role::indexer).follow(follow, [&](const std::vector<bus::Followed>& events) {
        for (const auto& followed : events) got.push_back(std::get<bus::Message>(followed.event.body).text.plain);
    });
    auto elsewhere = said("irc", "1", "elsewhere");
    elsewhere.origin.room.room = "#elsewhere";
    publish(irc, elsewhere);
    auto topic = said("irc", "2", "");
    topic.body = bus::Topic{bus::Text("a topic")};
    publish(irc, topic);
    publish(irc, said("irc", "3", "in the gateway"));
    until([&] { return !got.empty(); }, "the message");
    EXPECT_THAT(got, ElementsAre("in the gateway"));
}

TEST_F(InProcess, ForgetsAFollowerThatIsGoneAndNoOther) {
    bus::FollowOptions follow;
    follow.cursor = "indexer";
    auto& indexer = client("indexer", bus::Role::indexer);
    indexer.follow(follow, [](const std::vector<bus::Followed>&) {});
    const auto forget = [&] { return ask("forget", bus::Value::map({{"cursor", "indexer"}})); };
    until([&] { return !ask("status").value()["followers"].list().empty(); }, "the follower");
    EXPECT_EQ(forget().error().code, service::Code::conflict);
    kill(indexer);
    broker_.reset();
    start();
    EXPECT_TRUE(forget());
    EXPECT_EQ(forget().error().code, service::Code::not_found);
}

TEST_F(InProcess, TellsWhoIsConnectedAndWhatIsMirrored) {
    publish(client("irc", bus::Role::bridge), said("irc", "1", "hello"));
    const auto status = ask("status").value();
    EXPECT_EQ(status["sequence"].number(), 1);
    EXPECT_EQ(status["accounts"].list().at(0)["name"].text(), "irc");
    EXPECT_TRUE(status["accounts"].list().at(0)["connected"].boolean());
    EXPECT_FALSE(status["accounts"].list().at(1)["connected"].boolean(true));
    EXPECT_EQ(ask("gateways").value()["gateways"].list().at(0)["rooms"].list().size(), 2U);
    EXPECT_EQ(ask("nonsense").error().code, service::Code::not_found);
}

}  // namespace
}  // namespace parley::broker
