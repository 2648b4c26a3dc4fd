// Decides which CURVE keys may connect, and remembers whose they are: ZeroMQ's authentication protocol
// (https://rfc.zeromq.org/spec/27/) on the reactor.
#pragma once

#include <string>
#include <vector>
#include <zmq.hpp>

#include "broker/bus/server.h"

namespace parley::bus {

class Gatekeeper {
public:
    Gatekeeper(service::Reactor& reactor, zmq::context_t& context, std::vector<AllowedKey> allow);
    // `user_id` as the handshake set it: the place of the key in the list.
    Proof proof_of(const char* user_id) const;

private:
    void pump();
    void answer(const std::vector<zmq::message_t>& request);

    std::vector<AllowedKey> allow_;
    zmq::socket_t socket_;
    service::Reactor::Handle readable_;
};

}  // namespace parley::bus
