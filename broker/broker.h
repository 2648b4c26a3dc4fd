// The broker: one thread, one ROUTER. Takes what is published, makes it durable in groups, says so, and hands it to
// followers and workers. What a frame looks like is in bus/frames.h, what is stored how in journal/ and jobs/.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "broker/journal/journal.h"
#include "broker/service/clock.h"
#include "broker/service/random.h"
#include "broker/service/reactor.h"

namespace parley::broker {

struct Settings {
    bus::HouseSettings house;
    journal::Retention retention;
    std::chrono::milliseconds heartbeat_every{1000};
    std::chrono::milliseconds grace{10'000};  // for workers to come back after a start of the broker
};

// [broker]: retention.
Settings read_settings(service::Table& root);

// Where commands come from; see dispatch/dispatcher.h.
struct Commands {
    std::function<std::vector<bus::Event>(const bus::Event& message)> consider = [](const bus::Event&) { return std::vector<bus::Event>{}; };
    // The rule that lets somebody ask for a command in a room, if there is one.
    using Rule = std::function<std::optional<std::string>(const std::string& command, const std::string& identity, bus::Strength, const bus::RoomAddress&)>;
    Rule rule = [](const std::string&, const std::string&, bus::Strength, const bus::RoomAddress&) { return std::nullopt; };
    std::function<bus::Value(const std::string& identity, const bus::RoomAddress& room)> list = [](const std::string&, const bus::RoomAddress&) { return bus::Value(); };
};

class Broker {
public:
    // Binds and runs on the reactor; clock and random outlive it too. Code::conflict if a broker is there already.
    static service::Result<std::unique_ptr<Broker>> start(service::Reactor& reactor, const service::Clock& clock, service::Random& random, const Settings& settings, Commands commands);
    ~Broker();  // writes cursors that have moved

private:
    struct State;
    explicit Broker(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace parley::broker
