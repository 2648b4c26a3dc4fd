// One child process on the reactor: its own process group, no shell, output as it comes, and an end that leaves nothing
// of its group alive.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/bus/event.h"
#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::bots {

struct ProcessEvents {
    std::function<void(bus::RunOutput::Stream, std::string_view)> output;
    // After all output. `status` as waitpid gives it.
    std::function<void(int status)> ended;
};

class Process {
public:
    // Code::not_found if the program cannot be executed, Code::io for everything else. argv[0] without "/" is looked up
    // in `environment`'s PATH, or /usr/local/bin:/usr/bin:/bin.
    static service::Result<std::unique_ptr<Process>> start(service::Reactor& reactor, const std::vector<std::string>& argv, const std::string& directory,
                                                           const std::vector<std::pair<std::string, std::string>>& environment, ProcessEvents events);
    ~Process();  // kills what is left
    void signal(int number);  // to the whole group
    pid_t pid() const { return pid_; }

private:
    Process(service::Reactor& reactor, ProcessEvents events) : reactor_(reactor), events_(std::move(events)) {}
    bool read(int& fd, service::Reactor::Handle& handle, bus::RunOutput::Stream stream);
    void reap();

    service::Reactor& reactor_;
    ProcessEvents events_;
    pid_t pid_ = -1;
    int out_ = -1, err_ = -1, pidfd_ = -1;
    service::Reactor::Handle out_ready_, err_ready_, exited_, late_;
};

}  // namespace parley::bots
