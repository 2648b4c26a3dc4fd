#include "tests/faults/simulation/network.h"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace parley::simulation {
namespace {

constexpr Micros reconnect_every = 50_ms;
constexpr Micros notice_most = 2_ms;  // until the other end of a wire that was cut knows of it

}  // namespace

Socket* Network::open(int type) {
    auto& socket = sockets_.emplace_back();
    socket.type = type;
    socket.fd = ++last_fd_;
    socket.process = world_.current();
    return &socket;
}

void Network::close(Socket* socket) {
    if (socket->closed) return;
    socket->closed = true;
    watches_.erase(socket->fd);
    if (socket->wire != nullptr) cut(socket->wire);
    const auto peers = socket->peers;
    for (const auto& [id, wire] : peers) cut(wire);
    if (const auto bound = bound_.find(socket->endpoint); bound != bound_.end() && bound->second == socket) bound_.erase(bound);
    for (auto& other : sockets_)
        if (other.monitor == socket) other.monitor = nullptr;
    monitored_.erase(socket->monitored_at);
}

void Network::process_died(const Process& process) {
    for (auto& socket : sockets_)
        if (socket.process == &process) close(&socket);
    sockets_.remove_if([&](const Socket& socket) { return socket.closed && socket.process == &process; });
}

void Network::bind(Socket* socket, const std::string& endpoint) {
    socket->endpoint = endpoint;
    bound_[endpoint] = socket;
}

void Network::connect(Socket* socket, const std::string& endpoint) {
    if (socket->type == ZMQ_PAIR) {
        if (const auto watched = monitored_.find(endpoint); watched != monitored_.end()) watched->second->monitor = socket;
        return;
    }
    socket->endpoint = endpoint;
    world_.after(world_.between(100, 2000), *socket->process, [this, socket] { try_connect(socket); });
}

void Network::monitor(Socket* watched, const std::string& address) {
    watched->monitored_at = address;
    monitored_[address] = watched;
}

void Network::try_connect(Socket* socket) {
    if (socket->closed || socket->wire != nullptr) return;
    const auto found = bound_.find(socket->endpoint);
    if (found == bound_.end() || found->second->process->dying) {
        world_.after(reconnect_every + world_.between(0, 5_ms), *socket->process, [this, socket] { try_connect(socket); });
        return;
    }
    auto& wire = wires_.emplace_back();
    const auto number = ++last_id_;
    wire.id = std::string("\0", 1) + std::string(reinterpret_cast<const char*>(&number), sizeof number);
    wire.ends[0] = socket;
    wire.ends[1] = found->second;
    if (world_.chance(0.1)) wire.usable_from = world_.now() + world_.between(0, 8_ms);
    socket->wire = &wire;
    found->second->peers[wire.id] = &wire;
    tell(socket, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
}

// A message of two parts: the event's number and a value, then the endpoint (zmq_socket_monitor(3)).
void Network::tell(Socket* watched, int event) {
    if (watched->monitor == nullptr) return;
    std::string head(6, '\0');
    const auto number = static_cast<std::uint16_t>(event);
    std::memcpy(head.data(), &number, sizeof number);
    put(watched->monitor, watched->monitor->asleep, std::move(head), watched->endpoint);
}

void Network::put(Wire* wire, int to, std::string bytes) {
    if (to == 0) put(wire->ends[to], wire->asleep[to], std::move(bytes), std::nullopt);
    else put(wire->ends[to], wire->asleep[to], wire->id, std::move(bytes));
}

void Network::found_empty(Socket* socket) {
    socket->asleep = true;
    if (socket->wire != nullptr) socket->wire->asleep[0] = true;
    for (const auto& [id, wire] : socket->peers) wire->asleep[1] = true;
}

void Network::put(Socket* socket, bool& asleep, std::string first, std::optional<std::string> second) {
    socket->inbox.push_back({std::move(first), std::move(second)});
    if (!std::exchange(asleep, false)) return;
    socket->signalled = true;
    world_.after(world_.between(0, 10), *socket->process, [this, socket] {
        if (socket->closed || !socket->signalled) return;
        const int fd = socket->fd;
        const auto watch = watches_.find(fd);
        if (watch == watches_.end()) return;
        auto work = std::exchange(watch->second, nullptr);  // it may end itself
        work();
        if (const auto still = watches_.find(fd); still != watches_.end() && !still->second) still->second = std::move(work);
    });
}

void Network::watch(int fd, std::function<void()> work) { watches_[fd] = std::move(work); }

// Part by part, as zmq_send is called.
bool Network::send(Socket* socket, std::string bytes, bool more) {
    looked(socket);
    Wire* wire = socket->wire;
    int to = 1;
    if (socket->type == ZMQ_ROUTER) {
        to = 0;
        const auto& id = more ? bytes : socket->sending_to;
        const auto peer = socket->peers.find(id);
        wire = peer == socket->peers.end() ? nullptr : peer->second;
        if (more) {
            errno = wire == nullptr ? EHOSTUNREACH : EAGAIN;
            if (wire == nullptr || wire->full_until > world_.now()) return false;
            socket->sending_to = std::move(bytes);
            return true;
        }
    } else if (wire != nullptr && wire->usable_from > world_.now()) {
        wire = nullptr;
    }
    if (wire == nullptr) {  // to a peer that went between two parts: it is swallowed
        errno = EAGAIN;
        return socket->type == ZMQ_ROUTER;
    }
    if (world_.effect()) carry(wire, to, std::move(bytes));
    return true;
}

void Network::carry(Wire* wire, int to, std::string bytes) {
    ++frames;
    auto& last = wire->last_arrival[to];
    last = std::max({last, world_.now() + world_.between(20, latency_most), wire->stalled_until});
    auto& way = wire->on_the_way[to];
    if (world_.sabotage.other == "frames" && !way.empty() && world_.chance(0.2)) way.insert(way.end() - 1, std::move(bytes));
    else way.push_back(std::move(bytes));
    world_.after(last - world_.now(), [this, wire, to] { arrive(wire, to); });
}

void Network::arrive(Wire* wire, int to) {
    if (wire->cut || wire->on_the_way[to].empty() || wire->ends[to] == nullptr) return;
    if (wire->stalled_until > world_.now()) {
        world_.after(wire->stalled_until - world_.now(), [this, wire, to] { arrive(wire, to); });
        return;
    }
    auto bytes = std::move(wire->on_the_way[to].front());
    wire->on_the_way[to].pop_front();
    put(wire, to, std::move(bytes));
}

bool Network::receive(Socket* socket, std::string& bytes, bool& more) {
    looked(socket);
    if (socket->reading) {
        bytes = std::move(*std::exchange(socket->reading, std::nullopt));
        more = false;
        return true;
    }
    if (socket->inbox.empty()) {
        found_empty(socket);
        errno = EAGAIN;
        return false;
    }
    auto& message = socket->inbox.front();
    bytes = std::move(message.first);
    socket->reading = std::move(message.second);
    more = socket->reading.has_value();
    socket->inbox.pop_front();
    return true;
}

// The beginning of what is on its way may still arrive; then both ends hear of it, each in its time.
void Network::cut(Wire* wire) {
    if (wire->cut) return;
    for (int to : {0, 1}) {
        auto& way = wire->on_the_way[to];
        const bool there = wire->ends[to] != nullptr && !wire->ends[to]->closed;
        const auto kept = world_.below(way.size() + 1);
        for (std::size_t i = 0; i < kept && there; ++i) put(wire, to, std::move(way[i]));
        way.clear();
    }
    wire->cut = true;
    auto* dealer = std::exchange(wire->ends[0], nullptr);
    auto* router = std::exchange(wire->ends[1], nullptr);
    dealer->wire = nullptr;
    router->peers.erase(wire->id);
    if (dealer->closed) return;
    world_.after(world_.between(20, notice_most), *dealer->process, [this, dealer] {
        if (dealer->closed) return;
        tell(dealer, ZMQ_EVENT_DISCONNECTED);
        world_.after(reconnect_every + world_.between(0, 5_ms), *dealer->process, [this, dealer] { try_connect(dealer); });
    });
}

Wire* Network::wire_of(const Process& process) {
    for (auto& socket : sockets_)
        if (socket.process == &process && socket.type == ZMQ_DEALER && socket.wire != nullptr) return socket.wire;
    return nullptr;
}

bool Network::cut(const Process& process) {
    auto* wire = wire_of(process);
    if (wire != nullptr) cut(wire);
    return wire != nullptr;
}

bool Network::stall(const Process& process, Micros how_long) {
    auto* wire = wire_of(process);
    if (wire != nullptr) wire->stalled_until = world_.now() + how_long;
    return wire != nullptr;
}

bool Network::fill(const Process& process, Micros how_long) {
    auto* wire = wire_of(process);
    if (wire != nullptr) wire->full_until = world_.now() + how_long;
    return wire != nullptr;
}

}  // namespace parley::simulation
