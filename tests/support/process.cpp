// Starting, watching and ending child processes; see process.h.
#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/loopback.h"

namespace parley::tests {

namespace {

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* argv, char* const* environment, int output, const char* folder, uid_t user) {
    ::setpgid(0, 0);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (*folder != '\0' && ::chdir(folder) != 0) ::_exit(126);
    if (user != 0 && ::getuid() == 0 && (::setgid(user) != 0 || ::setuid(user) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also if the test is killed, and runs no destructor
    ::execve(argv[0], argv, environment);
    ::_exit(127);
}

bool is_free(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return bound;
}

}  // namespace

bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline, std::chrono::milliseconds pause) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(pause);  // between two looks, not instead of one
    }
    return true;
}

TempFolder::TempFolder(const std::string& name) {
    auto pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + pattern);
    path_ = pattern;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempFolder::write(const std::string& name, const std::string& content) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

// Whoever asks binds it a while later, and meanwhile nobody else may be told the same: so they are handed out in turn,
// over a file that all tests of a user share. They lie below those that the system gives to whoever asks for any.
std::uint16_t free_port() {
    constexpr std::uint32_t first = 20'000, count = 12'000;
    const auto file = std::filesystem::temp_directory_path() / ("parley-ports-" + std::to_string(::getuid()));
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::flock(fd, LOCK_EX) != 0) throw std::runtime_error("cannot write " + file.string());
    std::uint32_t last = 0;
    std::uint16_t found = 0;
    if (::pread(fd, &last, sizeof last, 0) != sizeof last) last = 0;  // a new file
    for (std::uint32_t tries = 0; tries < count && found == 0; ++tries) {
        last = (last + 1) % count;
        const auto port = static_cast<std::uint16_t>(first + last);
        if (is_free(port)) found = port;
    }
    const bool kept = ::pwrite(fd, &last, sizeof last, 0) == sizeof last;
    ::close(fd);  // and with it the lock
    if (found == 0 || !kept) throw std::runtime_error("no free port");
    return found;
}

bool connectable(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    const bool good = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return good;
}

bool wait_connectable(std::uint16_t port, std::chrono::milliseconds deadline) {
    return wait_until([&] { return connectable(port); }, deadline);
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    if (in) out << in.rdbuf();
    return out.str();
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/bin:/usr/sbin:/usr/lib/inspircd");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto candidate = folder + "/" + name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return std::nullopt;
}

Process::Process(Options options) : log_(options.log) {
    const auto program = find_program(options.argv.at(0));
    if (!program) throw std::runtime_error("no such program: " + options.argv[0]);
    options.argv[0] = *program;
    std::vector<std::string> assignments;
    for (char** entry = environ; *entry != nullptr; ++entry) assignments.emplace_back(*entry);
    for (const auto& [name, value] : options.environment) {
        std::erase_if(assignments, [&](const std::string& a) { return a.starts_with(name + "="); });
        assignments.push_back(name + "=" + value);
    }
    std::vector<char*> argv, environment;
    for (auto& argument : options.argv) argv.push_back(argument.data());
    for (auto& assignment : assignments) environment.push_back(assignment.data());
    argv.push_back(nullptr);
    environment.push_back(nullptr);
    const std::string target = log_.empty() ? "/dev/null" : log_.string(), folder = options.folder.string();
    const int output = ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output < 0) throw std::runtime_error("cannot write " + target);
    pid_ = ::fork();
    if (pid_ == 0) become(argv.data(), environment.data(), output, folder.c_str(), options.run_as);
    ::close(output);
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    ::setpgid(pid_, pid_);  // both sides set it: whoever is first, it is true after this line
}

Process::~Process() { kill(); }

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(other.ended_), log_(std::move(other.log_)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        kill();
        pid_ = std::exchange(other.pid_, -1);
        ended_ = other.ended_;
        log_ = std::move(other.log_);
    }
    return *this;
}

bool Process::running() {
    if (pid_ <= 0 || ended_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
    ended_ = exit_code_of(status);
    return false;
}

void Process::signal(int number) {
    if (running()) ::kill(pid_, number);
}

void Process::terminate(std::chrono::milliseconds patience) {
    signal(SIGTERM);
    wait(patience);
    kill();
}

void Process::kill() {
    if (pid_ <= 0) return;
    const bool was_running = running();
    ::kill(-pid_, SIGKILL);  // its own children too, even if it ended before them
    if (was_running) {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = exit_code_of(status);
    }
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
    wait_until([&] { return !running(); }, deadline);
    return ended_;
}

std::string Process::output() const { return read_file(log_); }

Ran run(std::vector<std::string> argv, std::chrono::milliseconds deadline) {
    TempFolder folder;
    Process process({.argv = std::move(argv), .log = folder.path() / "output"});
    const auto code = process.wait(deadline);
    process.kill();
    return {code, process.output()};
}

}  // namespace parley::tests
