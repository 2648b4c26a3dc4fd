#include "tests/support/house.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace parley::tests {

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

House::House(const std::string& settings) : folder_("parley-house"), web_port_(free_port()) {
    settings_ = folder_.write("parley.toml", fmt::format("[parley]\ndata = \"{0}/data\"\npage = \"http://127.0.0.1:{1}\"\n[web]\nlisten = \"127.0.0.1:{1}\"\n"
                                                         "local_sign_in = true\n{2}\n",
                                                         folder_.path().string(), web_port_, settings));
}

// Those that speak end first, so that what they say is still heard.
House::~House() {
    for (auto& [name, process] : processes_) {
        if (name != "broker") process->terminate();
    }
}

void House::start(const std::string& name) {
    const auto colon = name.find(':');
    std::vector<std::string> argv;
    const auto program = [&](const std::string& of) { argv = {std::string(PARLEY_BIN_DIR) + "/parley-" + of, "--settings", settings_.string()}; };
    if (colon != std::string::npos) {
        program(name.substr(colon + 1));
        argv.insert(argv.end(), {"--account", name.substr(0, colon)});
    } else {
        program(name);
        if (name == "worker") argv.insert(argv.end(), {"--workers", "2"});
    }
    Process::Options options;
    options.argv = argv;
    options.log = folder_.path() / (name + ".log");
    processes_[name] = std::make_unique<Process>(options);
    if (name == "web" && !wait_until([&] { return get("/healthz").status == 200; }, 20s)) throw std::runtime_error("the page does not answer\n" + logs());
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
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(web_port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
        char buffer[65536];
        for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(fd);
    const auto space = answer.find(' ');
    const auto body = answer.find("\r\n\r\n");
    if (space == std::string::npos || body == std::string::npos) return {};
    return {std::atoi(answer.c_str() + space), answer.substr(body + 4), answer.substr(0, body)};
}

House::Answer House::get(const std::string& path) const {
    return request(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", path, web_port_));
}

House::Answer House::post(const std::string& path, const std::string& json) const {
    return request(fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                               path, web_port_, url(), json.size(), json));
}

void House::say(const std::string& room, const std::string& text) {
    const auto answer = post("/api/rooms/" + url_encoded(room) + "/messages", nlohmann::json{{"text", text}}.dump());
    if (answer.status != 201) throw std::runtime_error(fmt::format("the page answered {}: {}\n{}", answer.status, answer.body, logs()));
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
