// Processes, folders and ports for tests against real programs. What a test starts ends with it, by process id.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::tests {

using namespace std::chrono_literals;

// Calls `holds` until it is true or the deadline has passed, with a pause between two calls; says which.
bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = 10s, std::chrono::milliseconds pause = 5ms);

// A new folder below the system's folder for such things; removed with all that is in it.
class TempFolder {
public:
    explicit TempFolder(const std::string& name = "parley");
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    // Writes a file into it (folders on the way are made) and says where it is.
    std::filesystem::path write(const std::string& name, const std::string& content) const;

private:
    std::filesystem::path path_;
};

// A loopback port that nobody listened on a moment ago, and that no other test is told for a long time.
std::uint16_t free_port();
bool connectable(std::uint16_t port);
bool wait_connectable(std::uint16_t port, std::chrono::milliseconds deadline = 10s);

std::string read_file(const std::filesystem::path& path);  // empty if it is not there
// The full path of a program, looked for in PATH and the sbin folders.
std::optional<std::string> find_program(const std::string& name);

// A child in a process group of its own; output goes into a file. The destructor ends the group.
class Process {
public:
    struct Options {
        std::vector<std::string> argv;      // argv[0]: a path, or a name to look for
        std::filesystem::path log = {};     // where output and errors are appended; empty: thrown away
        std::filesystem::path folder = {};  // its working directory; empty: ours
        std::vector<std::pair<std::string, std::string>> environment = {};  // beside ours
        uid_t run_as = 0;  // if we are root: become this user (and group) first; 0: stay
    };

    explicit Process(Options options);  // throws std::runtime_error if it cannot be started
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number);                                  // to the process alone
    void terminate(std::chrono::milliseconds patience = 5s);  // SIGTERM, then kill()
    void kill();                                              // SIGKILL to its group, and waits for the end
    // The exit code (128 + signal if one ended it); nullopt if it still runs at the deadline.
    std::optional<int> wait(std::chrono::milliseconds deadline = 10s);
    std::string output() const;  // of the log so far

private:
    pid_t pid_ = -1;
    std::optional<int> ended_;
    std::filesystem::path log_;
};

// Runs a program to its end: exit code (nullopt: did not end in time, and was killed) and output.
struct Ran {
    std::optional<int> exit_code;
    std::string output;
};
Ran run(std::vector<std::string> argv, std::chrono::milliseconds deadline = 30s);

}  // namespace parley::tests
