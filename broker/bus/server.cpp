#include "broker/bus/server.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fcntl.h>
#include <zmq.hpp>

#include "broker/bus/gatekeeper.h"
#include "broker/service/log.h"

namespace parley::bus {

using service::Code;
using service::fail;

// A peer that does not read: so many frames may wait for it, then it is given up.
constexpr int frames_waiting_max = 100'000;

struct Server::State {
    service::Reactor& reactor;
    ServerEvents events;
    zmq::context_t context{1};
    std::unique_ptr<Gatekeeper> gatekeeper;
    zmq::socket_t socket{context, zmq::socket_type::router};
    service::Reactor::Handle readable;
    int lock = -1;
    std::string lock_path;
    bool pumping = false;
    bool again_posted = false;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // shared with posted work, which may outlive us

    State(service::Reactor& r, ServerEvents e) : reactor(r), events(std::move(e)) {}
    ~State() {
        *alive = false;
        readable.cancel();
        if (lock >= 0) ::close(lock);
    }

    // ZMQ_FD only says that something changed: drain, or be deaf (http://api.zeromq.org/4-3:zmq-getsockopt, ZMQ_FD).
    void pump() {
        if (pumping) return;
        pumping = true;
        std::size_t taken = 0;
        while (taken < batch_max && take_one()) ++taken;
        if (taken > 0) events.batch_end();
        pumping = false;
        if (taken == batch_max || (socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) pump_soon();
    }
    void pump_soon() {
        if (std::exchange(again_posted, true)) return;
        reactor.post([this, still = alive] {
            if (!*still) return;
            again_posted = false;
            pump();
        });
    }

    bool take_one() {
        zmq::message_t peer, frame;
        if (!socket.recv(peer, zmq::recv_flags::dontwait)) return false;
        if (!peer.more() || !socket.recv(frame, zmq::recv_flags::dontwait)) return true;
        bool whole = true;
        while (frame.more()) {  // more parts than one: nobody of ours sends that
            whole = false;
            if (!socket.recv(frame, zmq::recv_flags::dontwait)) return true;
        }
        const Peer from = peer.to_string();
        auto decoded = whole ? decode_to_broker(frame.to_string_view())
                             : service::Result<ToBroker>(fail(Code::invalid, "a message has more than one frame"));
        if (!decoded) {
            send(from, from_broker::Refused{0, decoded.error()});
            events.malformed(from, decoded.error());
            return true;
        }
        events.message(from, gatekeeper ? gatekeeper->proof_of(frame.gets("User-Id")) : Proof{}, std::move(*decoded));
        return true;
    }

    bool send(const Peer& peer, const FromBroker& frame) {
        const auto bytes = encode(frame);
        if (bytes.size() > frame_bytes_max) {  // the peer would hang up on it
            service::log::error("a frame for a peer is too large", {{"bytes", bytes.size()}, {"most", frame_bytes_max}});
            return false;
        }
        const bool sent = put(peer, bytes);
        // Sending, also in vain, may have swallowed the edge that says there is something to read.
        if (!pumping && (socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) pump_soon();
        return sent;
    }

    bool put(const Peer& peer, const std::string& bytes) {
        try {
            return socket.send(zmq::buffer(peer), zmq::send_flags::sndmore | zmq::send_flags::dontwait) &&
                   socket.send(zmq::buffer(bytes), zmq::send_flags::dontwait);
        } catch (const zmq::error_t&) {
            return false;  // EHOSTUNREACH: it is gone
        }
    }

    // Only one broker: a lock beside the socket tells a live one from a file that a dead one left.
    service::Result<void> claim(const std::string& path) {
        constexpr std::size_t path_bytes_max = 100;  // the system's socket addresses hold 108, and a lock's name goes beside it
        if (path.empty() || path.size() > path_bytes_max) {
            return fail(Code::invalid, fmt::format("the path of ipc://{} has {} bytes", path, path.size()),
                        "use 1 to 100: set [bus] endpoint to a shorter path, for instance below /run");
        }
        const auto folder = std::filesystem::path(path).parent_path();
        if (!folder.empty()) {
            std::error_code error;
            std::filesystem::create_directories(folder.parent_path(), error);
            if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
                return fail(Code::io, fmt::format("cannot create {}: {}", folder.string(), std::strerror(errno)), "check who owns the folder above");
            }
            struct stat info {};
            if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & 0077) != 0) {
                return fail(Code::denied, fmt::format("{} can be entered by others", folder.string()), fmt::format("chmod 700 {}", folder.string()));
            }
        }
        lock_path = path + ".lock";
        lock = ::open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (lock < 0) return fail(Code::io, fmt::format("cannot open {}: {}", lock_path, std::strerror(errno)), "check the folder");
        if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
            return fail(Code::conflict, fmt::format("a broker is already running at {}", path), "stop it first, or set another [bus] endpoint");
        }
        return {};
    }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

service::Result<std::unique_ptr<Server>> Server::bind(service::Reactor& reactor, const std::string& endpoint, const Keys& keys,
                                                      const std::vector<AllowedKey>& allow, ServerEvents events) {
    auto state = std::make_unique<State>(reactor, std::move(events));
    const bool tcp = endpoint.starts_with("tcp://");
    try {
        if (tcp) {
            if (keys.own_secret.size() != 40) return fail(Code::invalid, "tcp:// needs a secret key", "make one with: parley keys");
            state->gatekeeper = std::make_unique<Gatekeeper>(reactor, state->context, allow);
            state->socket.set(zmq::sockopt::curve_server, true);
            state->socket.set(zmq::sockopt::curve_secretkey, keys.own_secret);
        } else if (auto claimed = state->claim(endpoint.substr(6)); !claimed) {
            return fail(claimed.error());
        }
        auto& socket = state->socket;
        socket.set(zmq::sockopt::router_mandatory, true);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::sndhwm, frames_waiting_max);
        socket.set(zmq::sockopt::rcvhwm, frames_waiting_max);
        socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(frame_bytes_max));
        socket.set(zmq::sockopt::heartbeat_ivl, 5000);      // a peer that vanished without a word
        socket.set(zmq::sockopt::heartbeat_timeout, 15000);
        socket.bind(endpoint);
    } catch (const zmq::error_t& error) {
        return fail(error.num() == EADDRINUSE ? Code::conflict : Code::io, fmt::format("cannot listen at {}: {}", endpoint, error.what()),
                    error.num() == EADDRINUSE ? "another program uses it: stop that, or set another [bus] endpoint" : "check [bus] endpoint");
    }
    auto* raw = state.get();
    raw->readable = reactor.on_readable(raw->socket.get(zmq::sockopt::fd), [raw] { raw->pump(); });
    raw->pump_soon();
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

bool Server::send(const Peer& peer, const FromBroker& frame) { return state_->send(peer, frame); }

}  // namespace parley::bus
