// The broker's end of the bus: who may bind, who may come, and what hostile bytes do.
#include "broker/bus/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <zmq.hpp>

#include "tests/unit/bus/sample_events.h"
#include "tests/unit/bus/small_broker.h"

namespace parley::bus {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A loopback port that is free now.
int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(fd);
    return ntohs(address.sin_port);
}

struct ServerTest : testing::Test {
    std::string path(std::string_view name = "broker") const { return (folder.path / "run" / name).string(); }
    service::Result<std::unique_ptr<Server>> bind(const std::string& endpoint, const Keys& keys = {}) {
        return Server::bind(reactor, endpoint, keys, {}, {[](const Peer&, const Proof&, ToBroker) {}, [](const Peer&, const service::Error&) {}, [] {}});
    }
    TemporaryFolder folder;
    service::Reactor reactor;
};

TEST_F(ServerTest, MakesItsFolderForItselfAlone) {
    const auto server = bind("ipc://" + path());
    ASSERT_TRUE(server) << server.error().text();
    struct stat info {};
    ASSERT_EQ(::stat((folder.path / "run").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(ServerTest, RefusesAFolderThatOthersMayEnter) {
    std::filesystem::create_directory(folder.path / "run");
    ::chmod((folder.path / "run").c_str(), 0755);
    const auto server = bind("ipc://" + path());
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().hint, HasSubstr("chmod 700"));
}

TEST_F(ServerTest, SaysThatABrokerIsAlreadyRunning) {
    const auto first = bind("ipc://" + path());
    ASSERT_TRUE(first);
    const auto second = bind("ipc://" + path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
    EXPECT_THAT(second.error().what, HasSubstr("already running"));
}

TEST_F(ServerTest, TakesOverTheSocketFileOfADeadBroker) {
    std::filesystem::create_directory(folder.path / "run");
    ::chmod((folder.path / "run").c_str(), 0700);
    std::ofstream(path()) << "left over";
    std::ofstream(path("broker.lock")) << "";
    const auto server = bind("ipc://" + path());
    EXPECT_TRUE(server) << server.error().text();
}

TEST_F(ServerTest, RefusesAPathThatIsTooLongForASocket) {
    const auto server = bind("ipc://" + path(std::string(100, 'x')));
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, service::Code::invalid);
    EXPECT_THAT(server.error().hint, HasSubstr("shorter path"));
}

TEST_F(ServerTest, TcpNeedsKeysAndAFreePort) {
    const auto endpoint = "tcp://127.0.0.1:" + std::to_string(free_port());
    EXPECT_THAT(bind(endpoint).error().text(), HasSubstr("parley keys"));
    const auto first = bind(endpoint, make_keys());
    ASSERT_TRUE(first) << first.error().text();
    const auto second = bind(endpoint, make_keys());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
    EXPECT_THAT(second.error().hint, HasSubstr("another program uses it"));
}

TEST_F(ServerTest, LetsInTheKeysOfItsListAndNobodyElse) {
    const auto broker_keys = make_keys();
    auto lobby = make_keys(), stranger = make_keys();
    lobby.broker_public = stranger.broker_public = broker_keys.own_public;
    const auto endpoint = "tcp://127.0.0.1:" + std::to_string(free_port());
    SmallBroker broker(reactor, endpoint, broker_keys, {{make_keys().own_public, Role::web, "web"}, {lobby.own_public, Role::bridge, "lobby"}});
    ASSERT_TRUE(broker.start());
    Client welcome(reactor, {.endpoint = endpoint, .name = "lobby", .role = Role::bridge, .keys = lobby});
    Client turned_away(reactor, {.endpoint = endpoint, .name = "lobby", .role = Role::bridge, .keys = stranger});
    ASSERT_TRUE(eventually(reactor, [&] { return welcome.linked(); }));
    reactor.run_for(100ms);
    EXPECT_FALSE(turned_away.linked());
    ASSERT_EQ(broker.proofs.size(), 1U);
    const auto& proof = broker.proofs.begin()->second;
    EXPECT_TRUE(proof.known);
    EXPECT_EQ(proof.name, "lobby");
    EXPECT_EQ(proof.role, Role::bridge);
}

TEST_F(ServerTest, SurvivesBytesThatAreNoFrame) {
    SmallBroker broker(reactor, "ipc://" + path());
    ASSERT_TRUE(broker.start());
    zmq::context_t context;
    zmq::socket_t raw(context, zmq::socket_type::dealer);
    raw.set(zmq::sockopt::linger, 0);
    raw.connect("ipc://" + path());
    raw.send(zmq::buffer(std::string_view("\xdd\xff\xff\xff\xff", 5)), zmq::send_flags::none);
    raw.send(zmq::str_buffer("two"), zmq::send_flags::sndmore);
    raw.send(zmq::str_buffer("parts"), zmq::send_flags::none);
    raw.send(zmq::message_t(), zmq::send_flags::none);
    ASSERT_TRUE(eventually(reactor, [&] { return broker.malformed.size() == 3; }));
    Client client(reactor, {.endpoint = "ipc://" + path(), .name = "x"});
    EXPECT_TRUE(eventually(reactor, [&] { return client.linked(); }));
}

TEST_F(ServerTest, HearsAPeerAlsoAfterItSpokeInVainToAnother) {
    std::size_t heard = 0;
    const auto server = Server::bind(reactor, "ipc://" + path(), {}, {}, {[&](const Peer&, const Proof&, ToBroker) { ++heard; }, [](const Peer&, const service::Error&) {}, [] {}});
    ASSERT_TRUE(server);
    zmq::context_t context;
    zmq::socket_t peer(context, zmq::socket_type::dealer);
    peer.set(zmq::sockopt::linger, 0);
    peer.connect("ipc://" + path());
    const auto ping = encode(ToBroker(to_broker::Ping{}));
    peer.send(zmq::buffer(ping), zmq::send_flags::none);
    ASSERT_TRUE(eventually(reactor, [&] { return heard == 1; }));
    peer.send(zmq::buffer(ping), zmq::send_flags::none);
    // Each of these takes the edge away that says there is something to read; the ping comes in between.
    for (const auto until = std::chrono::steady_clock::now() + 50ms; std::chrono::steady_clock::now() < until;) {
        EXPECT_FALSE((*server)->send("somebody who is gone", from_broker::Pong{}));
    }
    EXPECT_TRUE(eventually(reactor, [&] { return heard == 2; }));
}

TEST_F(ServerTest, TellsWhenAPeerIsGone) {
    SmallBroker broker(reactor, "ipc://" + path());
    ASSERT_TRUE(broker.start());
    auto client = std::make_unique<Client>(reactor, ClientOptions{.endpoint = "ipc://" + path(), .name = "x"});
    ASSERT_TRUE(eventually(reactor, [&] { return client->linked(); }));
    EXPECT_TRUE(broker.send(from_broker::Pong{}));
    client.reset();
    EXPECT_TRUE(eventually(reactor, [&] { return !broker.send(from_broker::Pong{}); }));
}

TEST(Keys, AreWrittenOnceForTheirOwnerAloneAndReadBack) {
    TemporaryFolder folder;
    const auto keys = folder.path / "keys";
    const auto broker = make_keys();
    auto lobby = make_keys();
    ASSERT_TRUE(write_keys(keys, "broker", broker));
    ASSERT_TRUE(write_keys(keys, "lobby", lobby));
    lobby.broker_public = broker.own_public;
    EXPECT_EQ(read_keys(keys, "lobby").value(), lobby);
    struct stat info {};
    ASSERT_EQ(::stat((keys / "lobby.secret").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    EXPECT_EQ(write_keys(keys, "lobby", make_keys()).error().code, service::Code::conflict);
    EXPECT_EQ(read_keys(keys, "work").error().code, service::Code::not_found);
}

}  // namespace
}  // namespace parley::bus
