// A thread for each connection; each looks 100 times a second whether it is to end.
#include "tests/support/proxy.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "tests/support/loopback.h"

namespace parley::tests {

namespace {

constexpr int beat_ms = 10;

// False: one side has ended.
bool pass(int from, int to) {
    std::array<char, 65536> bytes{};
    const auto got = ::recv(from, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    for (ssize_t sent = 0; sent < got;) {
        const auto n = ::send(to, bytes.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
        if (n <= 0) return false;
        sent += n;
    }
    return true;
}

}  // namespace

Proxy::Proxy(std::uint16_t to_port) : port_(free_port()), to_(to_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto here = loopback(port_);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 || ::listen(listener_, 16) != 0)
        throw std::runtime_error("the proxy has no port");
    server_ = std::thread([this] { serve(); });
}

Proxy::~Proxy() {
    ends_ = true;
    server_.join();
    ::close(listener_);
    while (open_ > 0) std::this_thread::yield();  // each ends within a beat
}

void Proxy::serve() {
    while (!ends_) {
        pollfd wait{listener_, POLLIN, 0};
        if (::poll(&wait, 1, beat_ms) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        ++connections_;
        ++open_;
        std::thread([this, client] {
            forward(client);
            --open_;
        }).detach();
    }
}

void Proxy::forward(int client) {
    const int cut = cuts_, on = 1;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto there = loopback(to_);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    while (open && !ends_ && cut == cuts_) {
        std::array<pollfd, 2> both{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
        if (frozen_) {
            ::poll(nullptr, 0, beat_ms);
            continue;
        }
        if (::poll(both.data(), both.size(), beat_ms) <= 0) continue;
        if (both[0].revents != 0) open = pass(client, server);
        if (open && both[1].revents != 0) open = pass(server, client);
    }
    ::close(client);
    ::close(server);
}

}  // namespace parley::tests
