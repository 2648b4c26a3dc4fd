// RFC 6455 as far as a test needs it: text frames in one piece, pings answered.
#include "tests/support/page_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/support/house.h"
#include "tests/support/loopback.h"

namespace parley::tests {

using Clock = std::chrono::steady_clock;

namespace {

constexpr unsigned char text_frame = 1, ping_frame = 9, pong_frame = 10;

}  // namespace

PageClient::PageClient(std::uint16_t port, const std::string& room, const std::string& cookie) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto to = loopback(port);
    const auto host = "127.0.0.1:" + std::to_string(port);
    const std::string hello = "GET /live?room=" + url_encoded(room) + "&after=0 HTTP/1.1\r\nHost: " + host +
                              "\r\nOrigin: http://" + host + (cookie.empty() ? "" : "\r\nCookie: " + cookie) +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const bool sent = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
                      ::send(fd_, hello.data(), hello.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(hello.size());
    const auto until = Clock::now() + patience;
    while (sent && buffer_.find("\r\n\r\n") == std::string::npos && read(until)) {
    }
    const auto end = buffer_.find("\r\n\r\n");
    const auto status = buffer_.substr(0, buffer_.find('\r'));
    if (end == std::string::npos || status.find(" 101 ") == std::string::npos) {
        ::close(fd_);
        throw std::runtime_error("the page takes no live connection: " + status);
    }
    buffer_.erase(0, end + 4);
}

PageClient::~PageClient() { ::close(fd_); }

bool PageClient::read(Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waits{fd_, POLLIN, 0};
    if (left <= 0 || ::poll(&waits, 1, static_cast<int>(left)) <= 0) return false;
    char bytes[16384];
    const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
}

bool PageClient::frame() {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(buffer_[at]); };
    if (buffer_.size() < 2) return false;
    const unsigned char opcode = byte(0) & 0x0f;
    std::size_t size = byte(1) & 0x7f, head = 2;
    if (const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0; more > 0) {
        if (buffer_.size() < 2 + more) return false;
        size = 0;
        for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(2 + i);
        head += more;
    }
    if (buffer_.size() < head + size) return false;
    const auto payload = buffer_.substr(head, size);
    buffer_.erase(0, head + size);
    if (opcode == ping_frame) send(pong_frame, payload);
    if (opcode == text_frame) heard_.push_back(nlohmann::json::parse(payload));
    return true;
}

// A client's frames are masked; a mask of zeros is one, too.
void PageClient::send(unsigned char opcode, const std::string& payload) {
    std::string out{static_cast<char>(0x80 | opcode)};
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8 & 255);
        out += static_cast<char>(payload.size() & 255);
    }
    out += std::string(4, '\0') + payload;
    if (::send(fd_, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
        throw std::runtime_error("the page's live connection is gone");
}

std::optional<nlohmann::json> PageClient::hears(const Test& test, std::chrono::milliseconds deadline) {
    const auto until = Clock::now() + deadline;
    for (std::size_t at = 0;;) {
        while (frame()) {
        }
        for (; at < heard_.size(); ++at)
            if (test(heard_[at])) return heard_[at];
        if (!read(until)) return std::nullopt;
    }
}

std::string PageClient::id_of(const std::string& words, std::chrono::milliseconds deadline) {
    const auto change = hears([&](const nlohmann::json& one) {
        return one.value("type", "") == "add" && one.value("html", "").find(words) != std::string::npos;
    }, deadline);
    if (!change) return {};
    const auto html = change->value("html", "");
    const std::string before = "data-id=\"";
    const auto at = html.find(before) + before.size();
    return html.substr(at, html.find('"', at) - at);
}

std::string PageClient::ask(nlohmann::json request) {
    static unsigned counter = 0;  // over all clients: an id that came before is the same message
    const auto client = "live-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
    request["client_id"] = client;
    send(text_frame, request.dump());
    const auto answer = hears([&](const nlohmann::json& one) { return one.value("client_id", "") == client; });
    if (!answer || answer->value("type", "") != "ack")
        throw std::runtime_error("the page did not take " + request.dump() + ": " + (answer ? answer->dump() : "no answer"));
    return answer->value("id", "");
}

std::string PageClient::say(const std::string& text, const std::string& reply_to) {
    return ask({{"type", "message"}, {"text", text}, {"reply_to", reply_to}});
}
std::string PageClient::edit(const std::string& target, const std::string& text) {
    return ask({{"type", "edit"}, {"target", target}, {"text", text}});
}
std::string PageClient::redact(const std::string& target) { return ask({{"type", "redact"}, {"target", target}}); }
std::string PageClient::react(const std::string& target, const std::string& emoji, bool added) {
    return ask({{"type", "react"}, {"target", target}, {"emoji", emoji}, {"added", added}});
}

}  // namespace parley::tests
