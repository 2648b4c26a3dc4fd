// A person on IRC, for tests: a small blocking client in which every wait has a deadline.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tests {

class IrcClient {
public:
    struct Options {
        bool tls = false;                            // any certificate will do
        std::string password = {};                   // of the server
        std::vector<std::string> capabilities = {};  // asked for with CAP REQ
    };
    // Connects to 127.0.0.1 and registers. Throws std::runtime_error if that fails.
    IrcClient(std::uint16_t port, std::string nick, Options options);
    IrcClient(std::uint16_t port, std::string nick) : IrcClient(port, std::move(nick), Options{}) {}
    ~IrcClient();
    IrcClient(const IrcClient&) = delete;
    IrcClient& operator=(const IrcClient&) = delete;

    const std::string& nick() const { return nick_; }
    bool gone() const { return gone_; }  // the connection has ended, as far as was read and written
    void join(const std::string& channel, const std::string& key = {});  // returns when the server has answered
    void part(const std::string& channel, const std::string& reason = "bye");
    void say(const std::string& target, std::string_view text);
    void action(const std::string& target, std::string_view text);
    void notice(const std::string& target, std::string_view text);
    void change_nick(const std::string& nick);
    void kick(const std::string& channel, const std::string& nick, const std::string& why = "out");
    void oper();
    void quit(const std::string& why = "bye");
    void raw(std::string_view line);  // CR LF is added

    static constexpr std::chrono::milliseconds patience{10000};
    // The next line, as it came, for which `wanted` holds; lines before it are passed over. Empty at the deadline.
    std::string expect(const std::function<bool(std::string_view)>& wanted,
                       std::chrono::milliseconds deadline = patience);
    std::string expect(std::string_view part, std::chrono::milliseconds deadline = patience);  // contains it
    // The next `count` things said to `target` by others, as "<nick> text" or "* nick text"; fewer at the deadline.
    std::vector<std::string> hears(const std::string& target, std::size_t count = 1,
                                   std::chrono::milliseconds deadline = patience);
    // What is said to `target` by others until `enough` holds of it, or the deadline.
    std::vector<std::string> hears_until(const std::string& target, const std::function<bool(const std::vector<std::string>&)>& enough,
                                         std::chrono::milliseconds deadline = patience);
    // What has been said there by the time that the server answers a PING: for "hears nothing more".
    std::vector<std::string> heard_so_far(const std::string& target);

private:
    bool read_line(std::string& line, std::chrono::steady_clock::time_point until);
    void write(std::string_view bytes);
    void fail(const std::string& what);

    struct Tls;
    Tls* tls_ = nullptr;
    int fd_ = -1;
    bool gone_ = false;
    std::string nick_, buffer_;
    unsigned fences_ = 0;
};

}  // namespace parley::tests
