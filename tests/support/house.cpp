// Starting and ending the programs, and asking the page; see house.h.
#include "tests/support/house.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/support/loopback.h"

namespace parley::tests {

namespace {

std::string cookie_line(const std::string& cookie) { return cookie.empty() ? std::string() : "Cookie: " + cookie + "\r\n"; }

}  // namespace

std::string url_encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.') out += c;
        else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string irc_account(const std::string& name, std::uint16_t port) {
    return fmt::format("[account.{}]\nplatform = \"irc\"\nserver = \"127.0.0.1\"\nport = {}\nnick = \"parley\"\n"
                       "pacing_burst = 1000\npacing_per_second = 1000\n",
                       name, port);
}

std::string xmpp_account(const std::string& name, std::uint16_t port, const std::string& ca_file) {
    ::setenv("PARLEY_TEST_PASSWORD", "secret", 1);
    return fmt::format("[account.{}]\nplatform = \"xmpp\"\njid = \"parley@localhost\"\npassword = {{ env = \"PARLEY_TEST_PASSWORD\" }}\n"
                       "host = \"127.0.0.1\"\nport = {}\nca_file = \"{}\"\n",
                       name, port, ca_file);
}

House::House(const std::string& settings, bool local_sign_in) : folder_("parley-house"), web_port_(free_port()) {
    settings_ = folder_.write("parley.toml", fmt::format("[parley]\ndata = \"{0}/data\"\npage = \"http://127.0.0.1:{1}\"\n[web]\nlisten = \"127.0.0.1:{1}\"\n"
                                                         "local_sign_in = {2}\n{3}\n",
                                                         folder_.path().string(), web_port_, local_sign_in, settings));
}

// Those that speak end first, so that what they say is still heard.
House::~House() {
    for (auto& [name, process] : processes_) {
        if (name != "broker") process->terminate();
    }
}

void House::start(const std::string& name) {
    launch(name);
    if (name == "web" && !wait_until([&] { return get("/healthz").status == 200; }, 20s)) throw std::runtime_error("the page does not answer\n" + logs());
}

void House::launch(const std::string& name) {
    const auto colon = name.find(':');
    std::vector<std::string> argv;
    const auto program = [&](const std::string& of) { argv = {std::string(PARLEY_BIN_DIR) + "/parley-" + of, "--settings", settings_.string()}; };
    if (colon != std::string::npos) {
        program(name.substr(colon + 1));
        argv.insert(argv.end(), {"--account", name.substr(0, colon)});
        if (processes_.contains(name + "-keeper")) argv.emplace_back("--kept");
    } else {
        program(name);
        if (name == "worker") argv.insert(argv.end(), {"--workers", "2"});
    }
    Process::Options options;
    options.argv = argv;
    options.log = folder_.path() / (name + ".log");
    processes_[name] = std::make_unique<Process>(options);
}

void House::kill(const std::string& name) { processes_.at(name)->kill(); }

void House::start_all(const std::vector<std::string>& accounts) {
    for (const auto* name : {"broker", "indexer", "worker"}) start(name);
    for (const auto& account : accounts) start(account);
    start("web");
}

House::Answer House::request(const std::string& text) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto address = loopback(web_port_);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
        char buffer[65536];
        for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(fd);
    const auto space = answer.find(' ');
    const auto body = answer.find("\r\n\r\n");
    if (space == std::string::npos || body == std::string::npos) return {};
    return {std::atoi(answer.c_str() + space), answer.substr(body + 4), answer.substr(0, body)};
}

House::Answer House::get(const std::string& path, const std::string& cookie) const {
    return request(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Connection: close\r\n\r\n", path, web_port_, cookie_line(cookie)));
}

House::Answer House::post(const std::string& path, const std::string& json) const { return send(path, "application/json", json, {}); }

House::Answer House::submit(const std::string& path, const std::string& form, const std::string& cookie) const {
    return send(path, "application/x-www-form-urlencoded", form, cookie);
}

House::Answer House::send(const std::string& path, const std::string& type, const std::string& body, const std::string& cookie) const {
    return request(fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                               path, web_port_, url(), cookie_line(cookie), type, body.size(), body));
}

void House::say(const std::string& room, const std::string& text, std::chrono::milliseconds patience) const {
    static std::atomic<unsigned> counter = 0;
    const auto json = nlohmann::json{{"text", text}, {"client_id", fmt::format("house-{}-{}", ::getpid(), ++counter)}}.dump();
    Answer answer;
    const bool said = wait_until([&] {
        answer = post("/api/rooms/" + url_encoded(room) + "/messages", json);
        return answer.status == 201;
    }, patience, 50ms);
    if (!said) throw std::runtime_error(fmt::format("the page answered {}: {}\n{}", answer.status, answer.body, logs()));
}

std::vector<std::string> House::page_hears(const std::string& room, const std::string& part) const {
    const auto answer = get("/api/rooms/" + url_encoded(room) + "/messages?limit=500");
    std::vector<std::string> out;
    const auto events = nlohmann::json::parse(answer.body, nullptr, false);
    if (events.is_discarded() || !events.contains("events")) return out;
    for (const auto& event : events["events"]) {
        for (const auto* field : {"text", "shown"}) {
            const auto text = event.value(field, std::string());
            if (!text.empty() && text.find(part) != std::string::npos) out.push_back(text);
        }
    }
    return out;
}

nlohmann::json House::search(const std::string& query) const {
    const auto found = nlohmann::json::parse(get("/api/search?q=" + url_encoded(query)).body, nullptr, false);
    return found.is_object() && found.contains("hits") ? found["hits"] : nlohmann::json::array();
}

std::string House::logs() const {
    std::string out;
    for (const auto& [name, process] : processes_) out += "--- " + name + "\n" + log(name);
    return out;
}

}  // namespace parley::tests
