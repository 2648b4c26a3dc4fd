// Writes one WebSocket's outgoing text from a thread of its own. CivetWeb's types stay incomplete here.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "web/server/http_server.h"

struct mg_connection;

namespace parley::server {

class SocketWriter final : public Socket {
public:
    SocketWriter(mg_connection* connection, std::size_t waiting_bytes_max);
    ~SocketWriter() override;
    void start();
    void send(std::string text) override;  // dropped after close(): the conversation is over
    void close() override;                 // after what waits has been written
    void stop();                           // the connection is about to go: returns when nobody writes to it any more

private:
    void write_until_closed();

    mg_connection* connection_;
    const std::size_t waiting_bytes_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool closing_ = false, gone_ = false;
    std::thread thread_;
};

}  // namespace parley::server
