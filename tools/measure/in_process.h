// A real broker on ipc with its clients, all on one thread of this process: what is measured so is a floor.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "broker/broker.h"
#include "broker/bus/client.h"

namespace parley::measure {

inline bus::Event message(std::size_t number, const std::string& room = "#ops") {
    bus::Event event;
    const auto native_id = std::to_string(number);
    event.id = bus::derived_id({"lobby", room, native_id, "message", "0"});
    event.origin = {{"lobby", room}, native_id, bus::Visibility::everyone};
    event.author = {"bob", "bob", bus::Strength::nickname, false, ""};
    event.body = bus::Message{bus::Text("the quick brown fox has restarted nginx on web-03, and looks at the log"), {}, {}, {}, {}};
    return event;
}

class InProcess {
protected:
    explicit InProcess(const std::filesystem::path& folder) {
        settings_.house.data = folder;
        settings_.house.endpoint = "ipc://" + folder.string() + "/run/broker";
    }
    void start() {
        auto started = broker::Broker::start(reactor_, clock_, random_, settings_, {});
        if (!started) throw std::runtime_error(started.error().text());
        broker_ = std::move(*started);
    }
    bus::ClientOptions options(const std::string& account) const {
        bus::ClientOptions out;
        out.endpoint = settings_.house.endpoint;
        out.name = account;
        out.role = bus::Role::bridge;
        return out;
    }
    void until_stopped(std::chrono::seconds patience) {
        if (!reactor_.run_for(patience)) throw std::runtime_error("not every event came to its follower");
        reactor_.restart();
    }

    service::Reactor reactor_;
    service::SystemClock clock_;
    service::SystemRandom random_;
    broker::Settings settings_;
    std::unique_ptr<broker::Broker> broker_;
    std::size_t number_ = 0;
};

}  // namespace parley::measure
