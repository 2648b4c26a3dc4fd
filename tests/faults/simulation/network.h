// The wires between the processes, under ZeroMQ's own functions (zmq.cpp, linked instead of libzmq): frames on a wire
// arrive in order and late; a wire that is cut loses the end of what is on it; what comes next is another wire.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/faults/simulation/world.h"

namespace parley::simulation {

struct Wire;

struct Socket {
    int type = 0;  // ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PAIR
    int fd = 0;
    Process* process = nullptr;
    struct Message {  // of one part or two: no more are sent here
        std::string first;
        std::optional<std::string> second;
    };
    std::deque<Message> inbox;
    std::optional<std::string> reading;  // what is left of one in two parts
    // ZMQ_FD, edge by edge: it signals the first message of each pipe that was found empty, and any call takes that away.
    bool asleep = true;  // its own pipe, if it has no wires
    bool signalled = false;
    std::string endpoint;
    Wire* wire = nullptr;  // of a DEALER that is connected
    std::map<std::string, Wire*> peers;  // of a ROUTER
    std::string sending_to;  // of a ROUTER: the first part
    Socket* monitor = nullptr;  // the PAIR that hears of our connections
    std::string monitored_at;
    bool closed = false;
};

struct Wire {
    std::string id;
    Socket* ends[2] = {};  // DEALER, ROUTER
    Micros usable_from = 0;  // the DEALER's side: its monitor may be ahead of it
    Micros stalled_until = 0;
    Micros full_until = 0;  // nothing more fits in, towards the DEALER
    Micros last_arrival[2] = {};
    bool asleep[2] = {true, true};  // the pipe at that end was found empty
    std::deque<std::string> on_the_way[2];  // to the DEALER, to the ROUTER
    bool cut = false;
};

class Network {
public:
    explicit Network(World& world) : world_(world) {}

    // Faults, at a process's wire to the broker; false: it has none.
    bool cut(const Process& process);
    bool stall(const Process& process, Micros how_long);
    bool fill(const Process& process, Micros how_long);

    void process_died(const Process& process);
    void watch(int fd, std::function<void()> work);

    // For zmq.cpp.
    Socket* open(int type);
    void close(Socket* socket);
    void bind(Socket* socket, const std::string& endpoint);
    void connect(Socket* socket, const std::string& endpoint);
    void monitor(Socket* watched, const std::string& address);
    bool send(Socket* socket, std::string bytes, bool more);  // sets errno
    bool receive(Socket* socket, std::string& bytes, bool& more);  // sets errno
    void looked(Socket* socket) { socket->signalled = false; }
    void found_empty(Socket* socket);

    Micros latency_most = 200;  // of a frame
    std::uint64_t frames = 0;

private:
    void try_connect(Socket* socket);
    void tell(Socket* watched, int event);
    void put(Socket* socket, bool& asleep, std::string first, std::optional<std::string> second);
    void put(Wire* wire, int to, std::string bytes);
    void carry(Wire* wire, int to, std::string bytes);
    void arrive(Wire* wire, int to);
    void cut(Wire* wire);
    Wire* wire_of(const Process& process);

    World& world_;
    std::list<Socket> sockets_;
    std::list<Wire> wires_;
    std::map<std::string, Socket*> bound_;
    std::map<std::string, Socket*> monitored_;
    std::map<int, std::function<void()>> watches_;
    int last_fd_ = 1'000'000;
    std::uint32_t last_id_ = 0;
};

}  // namespace parley::simulation
