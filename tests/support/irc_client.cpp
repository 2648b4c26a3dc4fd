// A blocking IRC client; see irc_client.h.
#include "tests/support/irc_client.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/support/loopback.h"

namespace parley::tests {

using Steady = std::chrono::steady_clock;

struct IrcClient::Tls {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = nullptr;
    ~Tls() {
        SSL_free(ssl);
        SSL_CTX_free(context);
    }
};

namespace {

// "@tags :nick!u@h PRIVMSG #room :text", taken apart as far as tests need it.
struct Said {
    std::string nick, target, text;
};
std::optional<Said> said(std::string_view line) {
    if (line.starts_with('@')) line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
    if (!line.starts_with(':')) return std::nullopt;
    const auto bang = line.find('!'), space = line.find(' ');
    if (bang == std::string_view::npos || bang > space) return std::nullopt;
    Said out{std::string(line.substr(1, bang - 1)), {}, {}};
    line.remove_prefix(space + 1);
    if (!line.starts_with("PRIVMSG ") && !line.starts_with("NOTICE ")) return std::nullopt;
    line.remove_prefix(line.find(' ') + 1);
    const auto end = line.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    out.target = line.substr(0, end);
    line.remove_prefix(end + 1);
    if (line.starts_with(':')) line.remove_prefix(1);
    out.text = line;
    return out;
}

std::string shown(const Said& said) {
    constexpr std::string_view action = "\1ACTION ";
    if (said.text.starts_with(action))
        return "* " + said.nick + " " + said.text.substr(action.size(), said.text.size() - action.size() - 1);
    return "<" + said.nick + "> " + said.text;
}

bool same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

IrcClient::IrcClient(std::uint16_t port, std::string nick, Options options) : nick_(std::move(nick)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options.tls) {
        tls_ = new Tls;  // owned: deleted in the destructor
        tls_->ssl = SSL_new(tls_->context);
        SSL_set_fd(tls_->ssl, fd_);
        if (SSL_connect(tls_->ssl) != 1) fail("no TLS");
    }
    if (!options.capabilities.empty()) {
        std::string list;
        for (const auto& capability : options.capabilities) list += (list.empty() ? "" : " ") + capability;
        raw("CAP REQ :" + list);
        raw("CAP END");
    }
    if (!options.password.empty()) raw("PASS " + options.password);
    raw("NICK " + nick_);
    raw("USER " + nick_ + " 0 * :A test");
    const auto greeted = expect([](std::string_view line) {
        return line.find(" 376 ") != std::string_view::npos || line.find(" 422 ") != std::string_view::npos ||
               line.find(" 433 ") != std::string_view::npos || line.starts_with("ERROR");
    });
    if (greeted.find(" 376 ") == std::string::npos && greeted.find(" 422 ") == std::string::npos)
        fail("not let in: " + greeted);
}

IrcClient::~IrcClient() {
    delete tls_;
    if (fd_ >= 0) ::close(fd_);
}

void IrcClient::fail(const std::string& what) {
    delete std::exchange(tls_, nullptr);
    ::close(std::exchange(fd_, -1));
    throw std::runtime_error(nick_ + ": " + what);
}

void IrcClient::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = tls_ != nullptr ? SSL_write(tls_->ssl, bytes.data(), static_cast<int>(bytes.size()))
                                           : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {  // the next expectation says so, too
            gone_ = true;
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void IrcClient::raw(std::string_view line) { write(std::string(line) + "\r\n"); }

bool IrcClient::read_line(std::string& line, Steady::time_point until) {
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            if (line.ends_with('\r')) line.pop_back();
            const bool ping =
                line.starts_with("PING ") || (line.starts_with(":") && line.find(" PING ") < line.find(" :"));
            if (!ping) return true;
            raw("PONG" + line.substr(line.find("PING") + 4));
            continue;
        }
        const bool waiting = tls_ != nullptr && SSL_pending(tls_->ssl) > 0;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now()).count();
        pollfd poll{fd_, POLLIN, 0};
        if (!waiting && (left <= 0 || ::poll(&poll, 1, static_cast<int>(left)) <= 0)) return false;
        char bytes[8192];
        const auto count =
            tls_ != nullptr ? SSL_read(tls_->ssl, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
        if (count <= 0) {
            gone_ = true;
            return false;
        }
        buffer_.append(bytes, static_cast<std::size_t>(count));
    }
}

std::string IrcClient::expect(const std::function<bool(std::string_view)>& wanted, std::chrono::milliseconds deadline) {
    const auto until = Steady::now() + deadline;
    for (std::string line; read_line(line, until);)
        if (wanted(line)) return line;
    return {};
}

std::string IrcClient::expect(std::string_view part, std::chrono::milliseconds deadline) {
    return expect([part](std::string_view line) { return line.find(part) != std::string_view::npos; }, deadline);
}

std::vector<std::string> IrcClient::hears(const std::string& target, std::size_t count,
                                          std::chrono::milliseconds deadline) {
    return hears_until(target, [count](const auto& heard) { return heard.size() >= count; }, deadline);
}

std::vector<std::string> IrcClient::hears_until(const std::string& target,
                                                const std::function<bool(const std::vector<std::string>&)>& enough,
                                                std::chrono::milliseconds deadline) {
    const auto until = Steady::now() + deadline;
    std::vector<std::string> out;
    for (std::string line; !enough(out) && read_line(line, until);) {
        const auto one = said(line);
        if (one && same(one->target, target) && one->nick != nick_) out.push_back(shown(*one));
    }
    return out;
}

std::vector<std::string> IrcClient::heard_so_far(const std::string& target) {
    const std::string fence = "fence-" + std::to_string(++fences_);
    raw("PING " + fence);
    std::vector<std::string> out;
    expect([&](std::string_view line) {
        const auto one = said(line);
        if (one && same(one->target, target) && one->nick != nick_) out.push_back(shown(*one));
        return line.find(" PONG ") != std::string_view::npos && line.find(fence) != std::string_view::npos;
    });
    return out;
}

void IrcClient::join(const std::string& channel, const std::string& key) {
    raw("JOIN " + channel + (key.empty() ? "" : " " + key));
    const auto answer = expect([&](std::string_view line) {
        return line.find(" 366 ") != std::string_view::npos || line.find(" 47") != std::string_view::npos;
    });
    if (answer.find(" 366 ") == std::string::npos)
        throw std::runtime_error(nick_ + " cannot join " + channel + ": " + answer);
}

void IrcClient::part(const std::string& channel, const std::string& reason) { raw("PART " + channel + " :" + reason); }
void IrcClient::say(const std::string& target, std::string_view text) {
    raw("PRIVMSG " + target + " :" + std::string(text));
}
void IrcClient::notice(const std::string& target, std::string_view text) {
    raw("NOTICE " + target + " :" + std::string(text));
}
void IrcClient::action(const std::string& target, std::string_view text) {
    say(target, "\1ACTION " + std::string(text) + "\1");
}
void IrcClient::kick(const std::string& channel, const std::string& nick, const std::string& why) {
    raw("KICK " + channel + " " + nick + " :" + why);
}
void IrcClient::change_nick(const std::string& nick) {
    raw("NICK " + nick);
    expect(" NICK ");
    nick_ = nick;
}
void IrcClient::oper() {
    raw("OPER root let-me");
    expect(" 381 ");
}
void IrcClient::quit(const std::string& why) {
    raw("QUIT :" + why);
    expect("ERROR");
}

}  // namespace parley::tests
