// What happens to a socket's connection, below the frames: made, lost, or refused for its key.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <zmq.hpp>

#include "broker/service/reactor.h"

namespace parley::bus {

struct LinkEvents {
    std::function<void()> made, lost, key_refused;
};

// Attached before the socket connects; lives no longer than it.
class LinkWatch {
public:
    LinkWatch(service::Reactor& reactor, zmq::context_t& context, zmq::socket_t& watched, LinkEvents events)
        : events_(std::move(events)), monitor_(context, zmq::socket_type::pair) {
        const auto address = "inproc://monitor-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
        ::zmq_socket_monitor(watched.handle(), address.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
        monitor_.connect(address);
        readable_ = reactor.on_readable(monitor_.get(zmq::sockopt::fd), [this] { look(); });
    }
    // Also once after connecting: ZMQ_FD only says that something changed.
    void look() {
        while ((monitor_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) {
            zmq::message_t head, address;
            if (!monitor_.recv(head, zmq::recv_flags::dontwait)) return;
            if (head.more() && !monitor_.recv(address, zmq::recv_flags::dontwait)) return;
            std::uint16_t event = 0;
            std::memcpy(&event, head.data(), sizeof event);
            if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) events_.made();
            else if (event == ZMQ_EVENT_DISCONNECTED) events_.lost();
            else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) events_.key_refused();
        }
    }

private:
    LinkEvents events_;
    zmq::socket_t monitor_;
    service::Reactor::Handle readable_;
};

}  // namespace parley::bus
