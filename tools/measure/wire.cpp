#include "tools/measure/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace parley::measure {

Wire::Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd_);
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
}

Wire::~Wire() { ::close(fd_); }

void Wire::flush() {
    while (!output_.empty()) {
        const auto sent = ::send(fd_, output_.data(), output_.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // no room, or closed: then read() says so
        output_.erase(0, static_cast<std::size_t>(sent));
    }
}

void Wire::read(std::string& input) {
    input += early_;
    early_.clear();
    char bytes[65536];
    for (;;) {
        const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
        if (got == 0) throw std::runtime_error("the server closed the connection: " + input);
        if (got < 0) break;
        input.append(bytes, static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < sizeof bytes) break;
    }
    // The system goes back to delayed acknowledgements by itself, and servers that leave Nagle's algorithm on would
    // then wait 40 ms for ours.
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

std::string Wire::expect(std::string_view part, std::chrono::milliseconds deadline) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    std::string input;
    for (;;) {
        flush();
        read(input);
        if (const auto found = input.find(part); found != std::string::npos) {
            early_ = input.substr(found + part.size());
            input.resize(found + part.size());
            return input;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) throw std::runtime_error("waited in vain for \"" + std::string(part) + "\", heard: " + input);
        pollfd waits{fd_, static_cast<short>(POLLIN | (blocked() ? POLLOUT : 0)), 0};
        ::poll(&waits, 1, static_cast<int>(left.count()));
    }
}

}  // namespace parley::measure
