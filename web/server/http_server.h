// The listening server, over CivetWeb, whose threads call the handlers: several at once. One handler answers every
// request; a WebSocket is offered to a second one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "broker/service/result.h"
#include "web/server/http.h"

namespace parley::server {

// The sending side of one WebSocket. Any thread may send; a thread of its own writes, so that a slow reader holds up
// nobody. When more than the limit waits, the socket is closed: the page comes back and says where it was.
class Socket {
public:
    virtual ~Socket() = default;
    virtual void send(std::string text) = 0;
    virtual void close() = 0;
};

// One conversation over a WebSocket; called on that connection's own thread. Destroyed when it closes.
class Conversation {
public:
    virtual ~Conversation() = default;
    virtual void opened() = 0;
    virtual void received(std::string_view text) = 0;
};

// shared_ptr: a sender may still hold the socket when the connection has gone.
using Accept = std::function<service::Result<std::unique_ptr<Conversation>>(const Request&, std::shared_ptr<Socket>)>;

struct ServerOptions {
    std::string listen = "127.0.0.1:8080";   // "host:port"; port 0 takes a free one
    std::size_t connections_max = 96;        // each has a thread while it lasts; beyond it they wait
    std::size_t sockets_max = 64;            // WebSockets among them; beyond it they are refused
    std::size_t body_bytes_max = 64 * 1024;  // larger bodies are refused: 413
    std::chrono::milliseconds request_timeout{10000};
    std::size_t waiting_bytes_max = 1 << 20;  // unsent on one WebSocket
    std::string socket_path = "/live";
};

// Whether `listen` can be understood at all; whether it is free is seen at the start.
service::Result<void> check_listen(std::string_view listen);

class HttpServer {
public:
    // Code::conflict: the port is in use; the hint says how to take another.
    static service::Result<std::unique_ptr<HttpServer>> start(ServerOptions options, Handler handler, Accept accept);
    ~HttpServer();  // closes every connection and waits for the handlers
    int port() const;

    struct State;
    explicit HttpServer(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

}  // namespace parley::server
