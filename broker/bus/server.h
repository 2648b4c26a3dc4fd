// The broker's end of the bus: one ROUTER socket on the reactor. It knows peers and frames, not what they mean.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/bus/frames.h"
#include "broker/bus/house_settings.h"
#include "broker/service/reactor.h"

namespace parley::bus {

using Peer = std::string;  // a routing id; another one after every reconnect

// Who a peer proved to be by its CURVE key. On ipc:// everyone who can open the socket is trusted: known is false.
struct Proof {
    bool known = false;
    Role role{};
    std::string name;
};

struct ServerEvents {
    std::function<void(const Peer&, const Proof&, ToBroker)> message;
    // Bytes that are no frame. The peer has been told.
    std::function<void(const Peer&, const service::Error&)> malformed = [](const Peer&, const service::Error&) {};
    // No more messages are waiting, or batch_max of them have been handed over: the time to commit.
    std::function<void()> batch_end;
};

class Server {
public:
    static constexpr std::size_t batch_max = 1024;

    // Binds. Code::conflict if another live broker holds the endpoint; a socket file that a dead one left is replaced.
    static service::Result<std::unique_ptr<Server>> bind(service::Reactor& reactor, const std::string& endpoint, const Keys& keys,
                                                         const std::vector<AllowedKey>& allow, ServerEvents events);
    ~Server();

    // False: the peer is gone or does not read; whatever it missed it will ask for again.
    bool send(const Peer& peer, const FromBroker& frame);

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace parley::bus
