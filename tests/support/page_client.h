// A person on the page, for tests: a room's live connection, as the page's own script holds it. It reads only while it
// waits for something, and waits with a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace parley::tests {

class PageClient {
public:
    using Test = std::function<bool(const nlohmann::json&)>;
    static constexpr std::chrono::milliseconds patience{10'000};

    // `room` as "web/lobby"; `cookie` as the server gave it, or empty for the operator of a house that lets this machine
    // in. Throws std::runtime_error if the server does not take the connection.
    PageClient(std::uint16_t port, const std::string& room, const std::string& cookie = {});
    ~PageClient();
    PageClient(const PageClient&) = delete;
    PageClient& operator=(const PageClient&) = delete;

    // Each returns the id of the event once it is durable; throws if it is refused.
    std::string say(const std::string& text, const std::string& reply_to = {});
    std::string edit(const std::string& target, const std::string& text);
    std::string redact(const std::string& target);
    std::string react(const std::string& target, const std::string& emoji, bool added = true);

    // The first change that passes, among those that came already and those that still come.
    std::optional<nlohmann::json> hears(const Test& test, std::chrono::milliseconds deadline = patience);
    // The id of the first message whose markup contains `words`; empty at the deadline.
    std::string id_of(const std::string& words, std::chrono::milliseconds deadline = patience);

private:
    bool read(std::chrono::steady_clock::time_point until);
    bool frame();  // takes one whole frame out of the buffer
    void send(unsigned char opcode, const std::string& payload);
    std::string ask(nlohmann::json request);

    int fd_ = -1;
    std::string buffer_;
    std::vector<nlohmann::json> heard_;
};

}  // namespace parley::tests
