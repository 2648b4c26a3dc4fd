// Runs the programs that the settings name, and starts again what dies, later and later.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "broker/bus/house_settings.h"
#include "broker/service/reactor.h"

namespace parley::cli {

struct Command {
    std::string name;  // for people and logs: "bridge lobby"
    std::string program;
    std::vector<std::string> arguments;
};

// The broker, the indexer, the workers, the page, and a bridge for each account whose platform is a process of its own.
std::vector<Command> programs_of(const bus::HouseSettings& house, const std::string& settings_path);

// Starts it as a child that ends when we do; -1 if it cannot be started (said on standard error).
pid_t start(const Command& command);

class Supervisor {
public:
    Supervisor(service::Reactor& reactor, std::vector<Command> commands);
    // Ends every child: SIGTERM, and SIGKILL after five seconds.
    ~Supervisor();

private:
    struct Child {
        Command command;
        pid_t pid = -1;
        std::chrono::milliseconds wait{200};  // before the next start; doubles to 30 s, back to 200 ms after a minute of life
        service::Steady started{};
        service::Reactor::Handle timer;
    };
    void launch(Child& child);
    void reap();

    service::Reactor& reactor_;
    std::vector<Child> children_;
    service::Reactor::Handle signals_;
};

}  // namespace parley::cli
