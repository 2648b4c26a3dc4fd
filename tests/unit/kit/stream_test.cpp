// The stream against a listening socket on loopback.
#include "bridges/kit/stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

namespace parley::kit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StreamTest : public ::testing::Test {
protected:
    void SetUp() override {
        listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(listener, 4), 0);
        socklen_t size = sizeof address;
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
    }
    void TearDown() override {
        if (peer >= 0) ::close(peer);
        if (listener >= 0) ::close(listener);
    }
    StreamOptions options() const {
        StreamOptions o;
        o.host = "127.0.0.1";
        o.port = port;
        return o;
    }
    StreamEvents events() {
        return {[this] { opened = true; }, [this](std::string_view bytes) { heard += bytes; },
                [this](service::Error why) { closed = why; }};
    }
    bool wait(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + seconds(5);
        while (!done() && std::chrono::steady_clock::now() < deadline) reactor.run_for(milliseconds(2));
        return done();
    }
    void accept() {
        wait([&] { return peer >= 0 || (peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; });
    }
    std::string peer_reads(std::size_t least) {
        std::string got;
        char buffer[4096];
        wait([&] {
            const auto n = ::recv(peer, buffer, sizeof buffer, MSG_DONTWAIT);
            if (n > 0) got.append(buffer, static_cast<std::size_t>(n));
            return got.size() >= least;
        });
        return got;
    }

    service::Reactor reactor;
    int listener = -1, peer = -1;
    std::uint16_t port = 0;
    bool opened = false;
    std::string heard;
    std::optional<service::Error> closed;
};

TEST_F(StreamTest, CarriesBytesBothWays) {
    Stream stream(reactor, options(), events());
    stream.send("early ");
    accept();
    ASSERT_TRUE(wait([&] { return opened; }));
    stream.send("hello");
    EXPECT_EQ(peer_reads(11), "early hello");
    ASSERT_EQ(::send(peer, "there", 5, 0), 5);
    EXPECT_TRUE(wait([&] { return heard == "there"; }));
    EXPECT_EQ(stream.pending(), 0u);
}

TEST_F(StreamTest, ReadsNoMoreWhileItIsHeldAndThenTheRest) {
    Stream stream(reactor, options(), events());
    accept();
    ASSERT_TRUE(wait([&] { return opened; }));
    stream.hold(true);
    ASSERT_EQ(::send(peer, "a", 1, 0), 1);
    ASSERT_TRUE(wait([&] { return heard == "a"; })) << "a read was under way";
    // Until the system takes no more for a reader that does not read.
    const std::string piece(65536, 'x');
    std::size_t sent = 1;
    for (ssize_t n = 0; (n = ::send(peer, piece.data(), piece.size(), MSG_DONTWAIT)) > 0; reactor.run_for(milliseconds(1))) {
        sent += static_cast<std::size_t>(n);
        ASSERT_LT(sent, 100'000'000U) << "somebody reads";
    }
    EXPECT_EQ(heard, "a");
    stream.send("still talks");
    EXPECT_EQ(peer_reads(11), "still talks");
    stream.hold(false);
    EXPECT_TRUE(wait([&] { return heard.size() == sent; })) << heard.size() << " of " << sent;
}

TEST_F(StreamTest, SaysWhyWhenTheServerCloses) {
    Stream stream(reactor, options(), events());
    accept();
    ASSERT_TRUE(wait([&] { return opened; }));
    ::close(peer);
    peer = -1;
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, service::Code::unavailable);
}

TEST_F(StreamTest, SaysWhyWhenNobodyListens) {
    ::close(listener);
    listener = -1;
    Stream stream(reactor, options(), events());
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, service::Code::unavailable);
    EXPECT_FALSE(opened);
}

TEST_F(StreamTest, GivesUpAHandshakeThatNeverEnds) {
    auto o = options();
    o.tls = true;
    o.connect_timeout = milliseconds(50);
    Stream stream(reactor, o, events());
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, service::Code::timeout);
}

TEST_F(StreamTest, EndsWhenThePeerDoesNotRead) {
    auto o = options();
    o.write_bytes_max = 1000;
    Stream stream(reactor, o, events());
    stream.send(std::string(600, 'x'));
    stream.send(std::string(600, 'x'));
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->code, service::Code::limit);
}

TEST_F(StreamTest, WritesTheLastWordsOfAClosedStream) {
    std::optional<Stream> stream(std::in_place, reactor, options(), events());
    accept();
    ASSERT_TRUE(wait([&] { return opened; }));
    stream->send("QUIT");
    stream.reset();
    EXPECT_EQ(peer_reads(4), "QUIT");
    EXPECT_FALSE(closed);
}

TEST_F(StreamTest, HearsWhatAServerSaidBeforeItDied) {
    Stream stream(reactor, options(), events());
    accept();
    ASSERT_TRUE(wait([&] { return opened; }));
    stream.send("never read");
    char byte = 0;
    ASSERT_TRUE(wait([&] { return ::recv(peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1; }));
    // What was not read makes the system reset the connection, so that our next write fails before we read.
    ASSERT_EQ(::send(peer, "last words", 10, 0), 10);
    ::close(std::exchange(peer, -1));
    stream.send("too late");
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_EQ(heard, "last words");
    EXPECT_EQ(closed->code, service::Code::unavailable);
}

TEST_F(StreamTest, SaysWhichCertificateFileCannotBeRead) {
    auto o = options();
    o.tls = true;
    o.ca_file = "/nowhere/ca.pem";
    Stream stream(reactor, o, events());
    ASSERT_TRUE(wait([&] { return closed.has_value(); }));
    EXPECT_NE(closed->what.find("/nowhere/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace parley::kit
