// A thread for each connection; each looks 100 times a second whether it is to end.
#include "tests/support/proxy.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <stdexcept>

#include "tests/support/loopback.h"

namespace parley::tests {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int beat_ms = 10;
constexpr std::size_t waiting_bytes_max = 1 << 20;  // of one way; then its sender has to wait, as on any wire

// One of the two ways of a connection: what was read waits until its time has come.
class Way {
public:
    Way(int from, int to) : from_(from), to_(to) {}

    bool reads(bool frozen) const { return !frozen && !read_to_end_ && waiting_bytes_ < waiting_bytes_max; }
    void read(std::chrono::milliseconds delay) {
        std::array<char, 65536> bytes{};
        const auto got = ::recv(from_, bytes.data(), bytes.size(), 0);
        if (got <= 0) {
            read_to_end_ = true;
            return;
        }
        if (mute_) return;
        waiting_.push_back({Clock::now() + delay, std::string(bytes.data(), static_cast<std::size_t>(got))});
        waiting_bytes_ += static_cast<std::size_t>(got);
    }
    // False: nobody takes it any more.
    bool write(int bytes_per_second) {
        const auto now = Clock::now();
        if (bytes_per_second <= 0) allowed_ = static_cast<double>(waiting_bytes_max);
        else allowed_ = std::min<double>(bytes_per_second, allowed_ + bytes_per_second * std::chrono::duration<double>(now - written_).count());
        written_ = now;
        while (!waiting_.empty() && waiting_.front().due <= now && allowed_ >= 1) {
            auto& bytes = waiting_.front().bytes;
            const auto some = std::min(bytes.size(), static_cast<std::size_t>(allowed_));
            const auto n = ::send(to_, bytes.data(), some, MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.erase(0, static_cast<std::size_t>(n));
            waiting_bytes_ -= static_cast<std::size_t>(n);
            if (bytes_per_second > 0) allowed_ -= static_cast<double>(n);
            if (bytes.empty()) waiting_.pop_front();
        }
        return true;
    }
    bool over() const { return read_to_end_ && waiting_.empty() && !mute_; }
    bool waits() const { return !waiting_.empty(); }
    void close() {
        mute_ = true;
        waiting_.clear();
        waiting_bytes_ = 0;
        ::shutdown(to_, SHUT_WR);
    }

private:
    struct Chunk {
        Clock::time_point due;
        std::string bytes;
    };
    int from_, to_;
    std::deque<Chunk> waiting_;
    std::size_t waiting_bytes_ = 0;
    double allowed_ = 0;
    Clock::time_point written_ = Clock::now();
    bool read_to_end_ = false, mute_ = false;
};

}  // namespace

class Proxy::Connection {
public:
    Connection(Proxy& proxy, int client) : proxy_(proxy), client_(client), server_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(server_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~Connection() {
        ::close(client_);
        ::close(server_);
    }
    void forward() {
        const int cut = proxy_.cuts_;
        int half = proxy_.halves_;
        const auto there = loopback(proxy_.to_);
        bool open = !proxy_.refuses_ && ::connect(server_, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
        while (open && !proxy_.ends_ && cut == proxy_.cuts_) {
            if (half != proxy_.halves_) {
                half = proxy_.halves_;
                to_client_.close();
            }
            open = turn();
        }
    }

private:
    bool turn() {
        const bool up = to_server_.reads(proxy_.to_server_frozen_), down = to_client_.reads(proxy_.to_client_frozen_);
        std::array<pollfd, 2> both{{{up ? client_ : -1, POLLIN, 0}, {down ? server_ : -1, POLLIN, 0}}};
        ::poll(both.data(), both.size(), to_server_.waits() || to_client_.waits() ? 1 : beat_ms);
        const auto delay = proxy_.delay_.load();
        if (both[0].revents != 0) to_server_.read(delay);
        if (both[1].revents != 0) to_client_.read(delay);
        if (!proxy_.to_server_frozen_ && !to_server_.write(0)) return false;
        if (!proxy_.to_client_frozen_ && !to_client_.write(proxy_.trickle_)) return false;
        return !to_server_.over() && !to_client_.over();
    }

    Proxy& proxy_;
    int client_, server_;
    Way to_server_{client_, server_}, to_client_{server_, client_};
};

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
            Connection(*this, client).forward();
            --open_;
        }).detach();
    }
}

}  // namespace parley::tests
