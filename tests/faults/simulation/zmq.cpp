// The functions of ZeroMQ that the bus calls, over the simulated network; linked instead of libzmq's.
#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <new>
#include <string>

#include "tests/faults/simulation/network.h"

using parley::simulation::Network;
using parley::simulation::Socket;
using parley::simulation::World;

namespace {

struct Message {
    std::string bytes;
    bool more = false;
};

Network& network() { return World::here().network(); }
Socket* socket_of(void* socket) { return static_cast<Socket*>(socket); }

// A zmq_msg_t is 64 bytes of our own: a pointer to the message, or none.
Message*& inside(zmq_msg_t* message) { return *reinterpret_cast<Message**>(message); }
Message* inside(const zmq_msg_t* message) { return *reinterpret_cast<Message* const*>(message); }

}  // namespace

extern "C" {

int zmq_errno() { return errno; }
const char* zmq_strerror(int code) { return std::strerror(code); }

void* zmq_ctx_new() { return new int; }
int zmq_ctx_set(void*, int, int) { return 0; }
int zmq_ctx_shutdown(void*) { return 0; }
int zmq_ctx_term(void* context) {
    delete static_cast<int*>(context);
    return 0;
}

void* zmq_socket(void*, int type) { return network().open(type); }
int zmq_close(void* socket) {
    network().close(socket_of(socket));
    return 0;
}
int zmq_setsockopt(void*, int, const void*, size_t) { return 0; }
int zmq_getsockopt(void* socket, int option, void* value, size_t*) {
    auto* ours = socket_of(socket);
    int answer = 0;
    if (option == ZMQ_FD) {
        answer = ours->fd;
    } else if (option == ZMQ_EVENTS) {
        network().looked(ours);
        answer = ours->inbox.empty() && !ours->reading ? 0 : ZMQ_POLLIN;
        if (answer == 0) network().found_empty(ours);
    } else {
        errno = EINVAL;
        return -1;
    }
    std::memcpy(value, &answer, sizeof answer);
    return 0;
}
int zmq_bind(void* socket, const char* endpoint) {
    network().bind(socket_of(socket), endpoint);
    return 0;
}
int zmq_connect(void* socket, const char* endpoint) {
    network().connect(socket_of(socket), endpoint);
    return 0;
}
int zmq_socket_monitor(void* socket, const char* address, int) {
    if (address != nullptr) network().monitor(socket_of(socket), address);
    return 0;
}
int zmq_send(void* socket, const void* bytes, size_t size, int flags) {
    const bool sent = network().send(socket_of(socket), {static_cast<const char*>(bytes), size}, (flags & ZMQ_SNDMORE) != 0);
    return sent ? static_cast<int>(size) : -1;
}

int zmq_msg_init(zmq_msg_t* message) {
    inside(message) = nullptr;
    return 0;
}
int zmq_msg_init_size(zmq_msg_t* message, size_t size) {
    inside(message) = new Message{std::string(size, '\0')};
    return 0;
}
int zmq_msg_close(zmq_msg_t* message) {
    delete std::exchange(inside(message), nullptr);
    return 0;
}
int zmq_msg_move(zmq_msg_t* to, zmq_msg_t* from) {
    zmq_msg_close(to);
    std::swap(inside(to), inside(from));
    return 0;
}
void* zmq_msg_data(zmq_msg_t* message) { return inside(message) == nullptr ? nullptr : inside(message)->bytes.data(); }
size_t zmq_msg_size(const zmq_msg_t* message) { return inside(message) == nullptr ? 0 : inside(message)->bytes.size(); }
int zmq_msg_more(const zmq_msg_t* message) { return inside(message) != nullptr && inside(message)->more ? 1 : 0; }
const char* zmq_msg_gets(const zmq_msg_t*, const char*) { return nullptr; }
int zmq_msg_recv(zmq_msg_t* message, void* socket, int) {
    if (inside(message) == nullptr) inside(message) = new Message;
    auto& into = *inside(message);
    if (!network().receive(socket_of(socket), into.bytes, into.more)) return -1;
    return static_cast<int>(into.bytes.size());
}

}  // extern "C"
