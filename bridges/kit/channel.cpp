#include "bridges/kit/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace parley::kit {
namespace {

using service::Code;
using service::Error;

constexpr std::size_t head_bytes = 4, read_bytes = 64 << 10;
constexpr int backlog = 4;

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

bool address_of(const std::filesystem::path& path, sockaddr_un& address) {
    const auto text = path.string();
    if (text.size() >= sizeof address.sun_path) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    return true;
}

std::size_t size_in(std::string_view head) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < head_bytes; ++i) size |= static_cast<std::size_t>(static_cast<unsigned char>(head[i])) << (8 * i);
    return size;
}

}  // namespace

Channel::Channel(service::Reactor& reactor, int socket, Events events)
    : reactor_(reactor), events_(std::move(events)), socket_(socket) {
    hold(false);
}

Channel::~Channel() {
    *alive_ = false;
    readable_.cancel();
    writable_.cancel();
    if (socket_ < 0) return;
    if (!waiting_.empty()) (void)::send(socket_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
    ::close(socket_);
}

service::Result<int> Channel::connect(const std::filesystem::path& path) {
    sockaddr_un address{};
    if (!address_of(path, address))
        return service::fail(Code::invalid, fmt::format("{} is too long for a socket", path.string()),
                             "set [parley] data to a shorter path");
    const int socket = new_socket();
    if (socket >= 0 && ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    const int why = errno;
    if (socket >= 0) ::close(socket);
    return service::fail(Code::unavailable, fmt::format("nobody answers at {}: {}", path.string(), std::strerror(why)));
}

void Channel::send(std::string_view frame) {
    if (socket_ < 0 || overflow_) return;
    for (std::size_t i = 0; i < head_bytes; ++i) waiting_ += static_cast<char>(frame.size() >> (8 * i) & 0xFF);
    waiting_ += frame;
    if (waiting_.size() > write_bytes_max) {
        overflow_ = reactor_.after(std::chrono::microseconds(0), [this] {
            end({Code::limit, fmt::format("{} bytes wait for the process at the other end", waiting_.size()), {}});
        });
        return;
    }
    if (!writable_) write();
}

// A lost other side is noticed by reading: what it said before is still heard.
void Channel::write() {
    while (!waiting_.empty()) {
        const auto sent = ::send(socket_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) {
            if (!writable_) writable_ = reactor_.on_writable(socket_, [this] { write(); });
            return;
        }
        if (sent < 0) {
            waiting_.clear();
            break;
        }
        waiting_.erase(0, static_cast<std::size_t>(sent));
    }
    writable_ = {};
}

void Channel::hold(bool held) {
    if (held)
        readable_ = {};
    else if (socket_ >= 0 && !readable_)
        readable_ = reactor_.on_readable(socket_, [this] { read(); });
}

void Channel::drain() {
    const auto alive = alive_;
    while (*alive && socket_ >= 0 && read()) {}
}

// True: there may be more. False: not now; the channel may be gone.
bool Channel::read() {
    const auto had = input_.size();
    input_.resize(had + read_bytes);
    const auto got = ::recv(socket_, input_.data() + had, read_bytes, 0);
    const int why = errno;
    input_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got > 0) return cut();
    if (got < 0 && (why == EAGAIN || why == EINTR)) return false;
    end({Code::unavailable, got == 0 ? "the process at the other end is gone" : std::strerror(why), {}});
    return false;
}

bool Channel::cut() {
    std::string_view rest = input_;
    std::string frame;
    std::size_t used = 0;
    while (rest.size() >= head_bytes) {
        const auto size = size_in(rest);
        if (size > frame_bytes_max) {
            end({Code::invalid, fmt::format("a frame of {} bytes came", size), {}});
            return false;
        }
        if (rest.size() < head_bytes + size) break;
        frame.assign(rest.substr(head_bytes, size));
        used += head_bytes + size;
        rest.remove_prefix(head_bytes + size);
        events_.frame(frame);
        if (socket_ < 0) return false;
    }
    input_.erase(0, used);
    return true;
}

void Channel::end(Error why) {
    if (socket_ < 0) return;
    readable_.cancel();
    writable_.cancel();
    ::close(std::exchange(socket_, -1));
    const auto closed = events_.closed;  // it may destroy us
    closed(std::move(why));
}

ChannelListener::ChannelListener(service::Reactor& reactor, const std::filesystem::path& path,
                                 std::function<void(int)> accepted)
    : path_(path) {
    const auto failed = [&](const std::string& what) {
        throw std::system_error(errno, std::generic_category(), what + " " + path_.string());
    };
    sockaddr_un address{};
    errno = ENAMETOOLONG;
    if (!address_of(path_, address)) failed("set [parley] data to a shorter path: cannot listen at");
    std::error_code ignored;
    std::filesystem::create_directories(path_.parent_path().parent_path(), ignored);
    if (::mkdir(path_.parent_path().c_str(), 0700) != 0 && errno != EEXIST) failed("cannot make the folder of");
    ::unlink(path_.c_str());
    socket_ = new_socket();
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path_.c_str(), 0600) != 0 || ::listen(socket_, backlog) != 0)
        failed("cannot listen at");
    readable_ = reactor.on_readable(socket_, [this, accepted = std::move(accepted)] {
        const int one = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (one >= 0) accepted(one);
    });
}

ChannelListener::~ChannelListener() {
    readable_.cancel();
    if (socket_ >= 0) ::close(socket_);
    ::unlink(path_.c_str());
}

}  // namespace parley::kit
