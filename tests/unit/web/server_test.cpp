// The listening server: what goes over the wire, and its limits.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/server/http_server.h"
#include "web/server/json.h"

namespace parley::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::unique_ptr<HttpServer> echo_server() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.connections_max = 8;
    options.body_bytes_max = 1000;
    auto started = HttpServer::start(
        options,
        [](const Request& request) {
            return Response::text(request.method + " " + request.path + " " + request.body);
        },
        [](const Request&, std::shared_ptr<Socket>) -> service::Result<std::unique_ptr<Conversation>> {
            return service::fail(service::Code::denied, "no");
        });
    EXPECT_TRUE(started) << started.error().text();
    return std::move(*started);
}

// Sends bytes, reads until the other side closes.
std::string exchange(int port, const std::string& bytes) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string out;
    char piece[4096];
    for (ssize_t got = 0; (got = ::recv(fd, piece, sizeof piece, 0)) > 0;)
        out.append(piece, static_cast<std::size_t>(got));
    ::close(fd);
    return out;
}

TEST(HttpServer, HandsOverThePathUndecodedAndTheBodyWhole) {
    const auto server = echo_server();
    const auto answer =
        exchange(server->port(),
                 "POST /room/web%2Fops HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("POST /room/web%2Fops hello"));
}

TEST(HttpServer, RefusesABodyThatIsTooLarge) {
    const auto server = echo_server();
    EXPECT_THAT(
        exchange(server->port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n" +
                                     std::string(2000, 'x')),
        StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServer, SaysClearlyThatThePortIsTaken) {
    const auto server = echo_server();
    ServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(server->port());
    const auto second = HttpServer::start(options, {}, {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, service::Code::conflict);
    EXPECT_THAT(second.error().hint, HasSubstr("[web] listen"));
}

TEST(HttpServer, SurvivesWhatIsNotHttp) {
    const auto server = echo_server();
    exchange(server->port(), std::string("\x16\x03\x01\x00\xff\r\n\r\n", 9));
    exchange(server->port(), "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n\r\n");
    EXPECT_THAT(exchange(server->port(), "GET /still HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                HasSubstr("GET /still"));
}

TEST(Requests, DecodeEachPartOfAPathOnItsOwn) {
    Request request;
    request.path = "/room/lobby%2F%23ops";
    EXPECT_THAT(request.segments(), ::testing::ElementsAre("room", "lobby/#ops"));
    request.headers = {{"cookie", "a=1; parley_session=tok; b=2"}};
    EXPECT_EQ(request.cookie("parley_session"), "tok");
    EXPECT_EQ(decode("100%", false), "100%");
}

TEST(Json, RefusesWhatIsTooDeepOrBroken) {
    EXPECT_EQ(parse_json(R"({"a":[1,true,"x",null]})")->json(), R"({"a":[1,true,"x",null]})");
    EXPECT_FALSE(parse_json(std::string(100000, '[')));
    EXPECT_FALSE(parse_json("{\"a\":"));
    EXPECT_FALSE(parse_json("\"\xff\""));
    EXPECT_FALSE(parse_json("[1e999]"));
}

}  // namespace
}  // namespace parley::server
