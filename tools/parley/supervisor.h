// Runs the programs that the settings name, and starts again what dies, later and later.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <list>
#include <string>
#include <vector>

#include "broker/bus/house_settings.h"
#include "broker/service/backoff.h"
#include "broker/service/clock.h"
#include "broker/service/reactor.h"

namespace parley::cli {

struct Command {
    std::string name;  // for people and logs: "bridge lobby"
    std::string program;
    std::vector<std::string> arguments;
    std::string account = {};  // of a bridge or a keeper
    bool is_keeper = false;
    std::string depends = {};  // what it reads of the settings (depends.h)
};

// The platforms whose bridges stand beside this program, by name: "irc".
std::vector<std::string> platforms();
// Whether there is a bridge for it, beside this program or in PATH.
bool is_platform(const std::string& name);

// The broker, the indexer, the workers, the page, and for each account whose platform is a process of its own a bridge,
// with a keeper where the platform has one.
// Accounts of no known platform are left out.
std::vector<Command> programs_of(const bus::HouseSettings& house, const std::string& settings_path);

// Starts it as a child that ends when we do; -1 if it cannot be started (said on standard error). `standard_error`: a
// descriptor that becomes its own; -1: ours.
pid_t start(const Command& command, int standard_error = -1);
// Runs it to its end: the exit code, or 128 and the signal.
int run_to_end(const Command& command);

struct Checkup {
    int exit_code = 0;
    std::string said;  // on its standard error; of the first 64 KiB
};
// Asks it with --check.
Checkup check(Command command);

class Supervisor {
public:
    Supervisor(service::Reactor& reactor, std::vector<Command> commands);
    // What is gone is ended, what is new is started, and what differs is ended and started again; the rest never knows.
    void change_to(std::vector<Command> commands);
    // Ends every child: SIGTERM, and SIGKILL after five seconds. The broker last: what the others still say is heard.
    ~Supervisor();

private:
    struct Child {
        Child(Command c, service::Random& random);
        Command command;
        pid_t pid = -1;
        service::Backoff backoff;  // before the next start
        service::Steady started{};
        service::Reactor::Handle timer;
    };
    void launch(Child& child);
    void reap();
    void start_again(Child& child);
    void add(Command command);
    // SIGTERM, and SIGKILL after five seconds.
    static void end(const std::vector<Child*>& children);

    service::Reactor& reactor_;
    service::SystemRandom random_;
    std::list<Child> children_;  // the broker first; a list, since timers point at them
    service::Reactor::Handle signals_;
};

}  // namespace parley::cli
