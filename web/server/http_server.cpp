#include "web/server/http_server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <stop_token>
#include <thread>

#include "broker/service/log.h"
#include "web/server/socket_writer.h"

namespace parley::server {
namespace {

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

Request request_of(const mg_connection* connection) {
    const mg_request_info& info = *mg_get_request_info(connection);
    Request out;
    out.method = info.request_method;
    out.path = info.local_uri_raw != nullptr ? info.local_uri_raw : "/";
    if (info.query_string != nullptr) out.query = parse_form(info.query_string);
    for (int i = 0; i < info.num_headers; ++i)
        out.headers.emplace_back(lowered(info.http_headers[i].name), info.http_headers[i].value);
    out.remote = info.remote_addr;
    return out;
}

// False: longer than allowed, or the sender fell silent.
bool read_body(mg_connection* connection, std::string& body, std::size_t bytes_max) {
    char piece[8192];
    while (body.size() <= bytes_max) {
        const int got = mg_read(connection, piece, sizeof piece);
        if (got == 0) return true;
        if (got < 0) return false;
        body.append(piece, static_cast<std::size_t>(got));
    }
    return false;
}

void write_response(mg_connection* connection, const Response& response, bool with_body, bool keep) {
    std::string head =
        "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason(response.status)) + "\r\n";
    const auto line = [&head](std::string_view name, std::string_view value) {
        head.append(name).append(": ");
        std::copy_if(value.begin(), value.end(), std::back_inserter(head),
                     [](char c) { return c != '\r' && c != '\n'; });
        head += "\r\n";
    };
    line("Content-Type", response.type);
    line("Content-Length", std::to_string(response.body.size()));
    line("Connection", keep ? "keep-alive" : "close");
    for (const auto& [name, value] : response.headers) line(name, value);
    head += "\r\n";
    if (with_body) head += response.body;
    mg_write(connection, head.data(), head.size());
}

struct Address {
    std::string host;
    int port = 0;
    bool v6 = false;
};

service::Result<Address> parse_address(std::string_view listen) {
    const std::string how = "write it as 127.0.0.1:8080";
    const auto colon = listen.rfind(':');
    Address out;
    const auto port = colon == std::string_view::npos ? listen : listen.substr(colon + 1);
    out.host = colon == std::string_view::npos ? "127.0.0.1" : std::string(listen.substr(0, colon));
    if (out.host == "localhost") out.host = "127.0.0.1";
    if (out.host.starts_with('[') && out.host.ends_with(']'))
        out.host = out.host.substr(1, out.host.size() - 2), out.v6 = true;
    const auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (wrong != std::errc() || end != port.data() + port.size() || out.port < 0 || out.port > 65535)
        return service::fail(service::Code::invalid, "\"" + std::string(listen) + "\" is not host:port", how);
    in6_addr parsed{};
    if (inet_pton(out.v6 ? AF_INET6 : AF_INET, out.host.c_str(), &parsed) != 1)
        return service::fail(service::Code::invalid, "\"" + out.host + "\" is not an IP address", how + " or [::1]:8080");
    return out;
}

// CivetWeb only says "cannot bind"; binding once ourselves tells why. With port 0 it also finds a free one.
service::Result<int> try_port(const Address& address, std::string_view listen) {
    if (address.v6) return address.port;
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(address.port));
    inet_pton(AF_INET, address.host.c_str(), &where.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const int bound = ::bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where);
    // Two sockets with SO_REUSEADDR may bind the same port; only one may listen.
    const int listening = bound == 0 ? ::listen(fd, 1) : -1;
    const int why = errno;
    socklen_t length = sizeof where;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &length);
    ::close(fd);
    if (listening == 0) return ntohs(where.sin_port);
    if (why == EADDRINUSE) {
        return service::fail(
            service::Code::conflict, "another program listens on " + std::string(listen),
            "stop it, or choose another port: [web] listen = \"" + address.host + ":8081\" (find it with: ss -ltnp)");
    }
    return service::fail(
        service::Code::io, "cannot listen on " + std::string(listen) + ": " + std::strerror(why),
        why == EACCES ? "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one" : "check [web] listen");
}

}  // namespace

struct HttpServer::State {
    ServerOptions options;
    Handler handler;
    Accept accept;
    std::string host;
    int port = 0;
    std::atomic<std::size_t> sockets{0};
    mg_context* context = nullptr;

    // What a live connection owns, hung on it by CivetWeb's user data.
    struct Live {
        std::shared_ptr<SocketWriter> writer;
        std::unique_ptr<Conversation> conversation;
        std::string partial;
    };

    static int on_request(mg_connection* connection, void* self) {
        auto& state = *static_cast<State*>(self);
        Request request = request_of(connection);
        Response response;
        bool keep = lowered(request.header("connection")) != "close";
        if (!read_body(connection, request.body, state.options.body_bytes_max)) {
            response = Response::text(
                "The request is larger than " + std::to_string(state.options.body_bytes_max) + " bytes.\n", 413);
            keep = false;
        } else {
            try {
                response = state.handler(request);
            } catch (const std::exception& broken) {
                service::log::error("a request failed", {{"path", request.path}, {"why", broken.what()}});
                response = Response::text("Something went wrong here; the log says what.\n", 500);
            }
        }
        write_response(connection, response, request.method != "HEAD", keep);
        return response.status;
    }

    // Returns 0 to go on with the handshake.
    static int on_connect(const mg_connection* connection, void* self) {
        auto& state = *static_cast<State*>(self);
        if (state.sockets.fetch_add(1) >= state.options.sockets_max) {
            state.sockets.fetch_sub(1);
            return 1;
        }
        auto live = std::make_unique<Live>();
        live->writer =
            std::make_shared<SocketWriter>(const_cast<mg_connection*>(connection), state.options.waiting_bytes_max);
        auto conversation = state.accept(request_of(connection), live->writer);
        if (!conversation) {
            state.sockets.fetch_sub(1);
            return 1;
        }
        live->conversation = std::move(*conversation);
        mg_set_user_connection_data(connection, live.release());
        return 0;
    }

    static void on_ready(mg_connection* connection, void*) {
        auto& live = *static_cast<Live*>(mg_get_user_connection_data(connection));
        live.writer->start();
        live.conversation->opened();
    }

    // Returns 1 to keep the connection.
    static int on_data(mg_connection* connection, int bits, char* data, std::size_t size, void* self) {
        auto& state = *static_cast<State*>(self);
        auto& live = *static_cast<Live*>(mg_get_user_connection_data(connection));
        const int opcode = bits & 0xf;
        if (opcode == MG_WEBSOCKET_OPCODE_CONNECTION_CLOSE) return 0;
        if (opcode != MG_WEBSOCKET_OPCODE_TEXT && opcode != MG_WEBSOCKET_OPCODE_CONTINUATION) return 1;
        if (live.partial.size() + size > state.options.body_bytes_max) return 0;
        live.partial.append(data, size);
        if ((bits & 0x80) == 0) return 1;
        const std::string whole = std::move(live.partial);
        live.partial.clear();
        try {
            live.conversation->received(whole);
        } catch (const std::exception& broken) {
            service::log::error("a live connection failed", {{"why", broken.what()}});
            return 0;
        }
        return 1;
    }

    static void on_close(const mg_connection* connection, void* self) {
        auto* live = static_cast<Live*>(mg_get_user_connection_data(connection));
        if (live == nullptr) return;
        mg_set_user_connection_data(connection, nullptr);
        live->conversation.reset();
        live->writer->stop();
        delete live;
        static_cast<State*>(self)->sockets.fetch_sub(1);
    }

    // CivetWeb looks whether it is to stop only every two seconds, or when somebody connects: so somebody does.
    void knock(const std::stop_token& enough) const {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(static_cast<std::uint16_t>(port));
        inet_pton(AF_INET, host.c_str(), &where.sin_addr);
        while (!enough.stop_requested()) {
            const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            ::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            ::close(fd);
        }
    }

    ~State() {
        if (context == nullptr) return;
        const std::jthread knocking([this](const std::stop_token& enough) { knock(enough); });
        mg_stop(context);
    }
};

service::Result<void> check_listen(std::string_view listen) {
    const auto address = parse_address(listen);
    if (!address) return service::fail(address.error());
    return {};
}

service::Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options, Handler handler,
                                                               Accept accept) {
    const auto address = parse_address(options.listen);
    if (!address) return service::fail(address.error());
    if (mg_check_feature(MG_FEATURES_WEBSOCKET) == 0) {
        return service::fail(service::Code::unsupported, "this CivetWeb was built without WebSockets",
                             "install Debian's libcivetweb");
    }
    const auto port = try_port(*address, options.listen);
    if (!port) return service::fail(port.error());

    auto state = std::make_unique<State>();
    state->options = std::move(options);
    state->handler = std::move(handler);
    state->accept = std::move(accept);
    const std::string ports = (address->v6 ? "[" + address->host + "]" : address->host) + ":" + std::to_string(*port);
    const std::string threads = std::to_string(state->options.connections_max);
    const std::string patience = std::to_string(state->options.request_timeout.count());
    // Headers beyond max_request_size are answered with 413 by CivetWeb; URLs are decoded by us, part by part.
    const char* settings[] = {"listening_ports",
                              ports.c_str(),
                              "num_threads",
                              threads.c_str(),
                              "request_timeout_ms",
                              patience.c_str(),
                              "enable_keep_alive",
                              "yes",
                              "keep_alive_timeout_ms",
                              "1000",
                              "tcp_nodelay",
                              "1",
                              "max_request_size",
                              "16384",
                              "decode_url",
                              "no",
                              "enable_directory_listing",
                              "no",
                              "websocket_timeout_ms",
                              "20000",
                              "enable_websocket_ping_pong",
                              "yes",
                              "connection_queue",
                              "64",
                              nullptr};
    mg_callbacks callbacks{};
    callbacks.log_message = [](const mg_connection*, const char* message) {
        service::log::debug("civetweb", {{"says", message}});
        return 1;
    };
    state->context = mg_start(&callbacks, state.get(), settings);
    if (state->context == nullptr) {
        return service::fail(service::Code::io, "cannot listen on " + state->options.listen,
                             "check [web] listen; --debug says more");
    }
    state->host = address->v6 ? "127.0.0.1" : address->host;
    state->port = *port;
    mg_set_websocket_handler(state->context, state->options.socket_path.c_str(), State::on_connect, State::on_ready,
                             State::on_data, State::on_close, state.get());
    mg_set_request_handler(state->context, "**", State::on_request, state.get());
    return std::make_unique<HttpServer>(std::move(state));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return state_->port; }

}  // namespace parley::server
