#include "web/server/socket_writer.h"

#include <civetweb.h>

namespace parley::server {

SocketWriter::SocketWriter(mg_connection* connection, std::size_t waiting_bytes_max)
    : connection_(connection), waiting_bytes_max_(waiting_bytes_max) {}

SocketWriter::~SocketWriter() { stop(); }

void SocketWriter::start() {
    thread_ = std::thread([this] { write_until_closed(); });
}

void SocketWriter::send(std::string text) {
    const std::lock_guard hold(mutex_);
    if (closing_ || gone_) return;
    waiting_bytes_ += text.size();
    waiting_.push_back(std::move(text));
    if (waiting_bytes_ > waiting_bytes_max_) {
        waiting_.clear();
        waiting_bytes_ = 0;
        closing_ = true;
    }
    changed_.notify_one();
}

void SocketWriter::close() {
    const std::lock_guard hold(mutex_);
    closing_ = true;
    changed_.notify_one();
}

void SocketWriter::stop() {
    {
        const std::lock_guard hold(mutex_);
        gone_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
}

void SocketWriter::write_until_closed() {
    std::unique_lock hold(mutex_);
    while (true) {
        changed_.wait(hold, [this] { return gone_ || closing_ || !waiting_.empty(); });
        if (gone_) return;
        if (waiting_.empty()) break;
        const std::string text = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= text.size();
        hold.unlock();
        const int wrote = mg_websocket_write(connection_, MG_WEBSOCKET_OPCODE_TEXT, text.data(), text.size());
        hold.lock();
        if (wrote <= 0) break;
    }
    closing_ = true;
    hold.unlock();
    mg_websocket_write(connection_, MG_WEBSOCKET_OPCODE_CONNECTION_CLOSE, "\x03\xe9", 2);
}

}  // namespace parley::server
