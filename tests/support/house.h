// A whole Parley for scenario tests: the real programs, each a process that can be killed and started again, on loopback
// and in a folder of its own.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/support/process.h"

namespace parley::tests {

// Settings that the scenarios share: a command that anyone may use to hear a word again, and an IRC account that is
// not paced.
inline constexpr const char* echo_command = R"(
[command.echo]
summary = "Say it again"
run = ["/bin/echo", "{words}"]
allow = ["*"]
[[command.echo.parameter]]
name = "words"
type = "text"
)";
std::string irc_account(const std::string& name, std::uint16_t port);

std::string xmpp_account(const std::string& name, std::uint16_t port, const std::string& ca_file);

class House {
public:
    // `settings`: everything but [parley] data and page, and [web]. With local_sign_in whoever comes from this machine
    // without a cookie is the operator, as this class does itself.
    explicit House(const std::string& settings, bool local_sign_in = true);
    ~House();

    // "broker", "indexer", "worker", "web", or the name of an account with its platform: "libera:irc". Once its keeper
    // was started ("libera:irc-keeper"), a bridge uses it.
    void start(const std::string& name);
    void launch(const std::string& name);  // the same, and does not wait for the page to be well
    void kill(const std::string& name);  // SIGKILL, and waits for the end
    void restart(const std::string& name) {
        kill(name);
        start(name);
    }
    void start_all(const std::vector<std::string>& accounts);
    void hold(const std::string& name) { processes_.at(name)->signal(SIGSTOP); }  // alive, but does nothing
    void go_on(const std::string& name) { processes_.at(name)->signal(SIGCONT); }
    pid_t pid(const std::string& name) const { return processes_.at(name)->pid(); }
    bool running(const std::string& name) const { return processes_.at(name)->running(); }

    struct Answer {
        int status = 0;
        std::string body, head;
    };
    // Status 0: nobody answered. `cookie` as "name=value"; empty: none.
    Answer get(const std::string& path, const std::string& cookie = {}) const;
    Answer post(const std::string& path, const std::string& json) const;
    Answer submit(const std::string& path, const std::string& form, const std::string& cookie = {}) const;
    // Bytes as they are; what came back until the page hung up.
    Answer request(const std::string& text) const;
    // Says something in a room of the page; returns when it is durable. As the page itself does: more slowly when it is
    // told to, and again under the same id while web or broker are away, until `patience` ends.
    void say(const std::string& room, const std::string& text, std::chrono::milliseconds patience = 10s) const;
    // The texts of a room's messages as the page shows them, oldest first, those that contain `part`.
    std::vector<std::string> page_hears(const std::string& room, const std::string& part) const;
    // Hits of a query, as the API gives them.
    nlohmann::json search(const std::string& query) const;

    std::uint16_t port() const { return web_port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(web_port_); }
    std::filesystem::path settings_file() const { return settings_; }
    std::filesystem::path folder() const { return folder_.path(); }
    std::string log(const std::string& name) const { return read_file(folder_.path() / (name + ".log")); }
    std::string logs() const;  // of all, for a failing test

private:
    Answer send(const std::string& path, const std::string& type, const std::string& body, const std::string& cookie) const;

    TempFolder folder_;
    std::uint16_t web_port_;
    std::filesystem::path settings_;
    std::map<std::string, std::unique_ptr<Process>> processes_;
};

std::string url_encoded(const std::string& text);

}  // namespace parley::tests
