#include "broker/bots/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace parley::bots {

using bus::RunOutput;
using service::Code;
using service::fail;

namespace {

constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";
// A grandchild that keeps the pipe open does not keep the run open.
constexpr auto drain_within = std::chrono::milliseconds(200);

struct Pipe {
    int read = -1, write = -1;
    bool open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        return true;
    }
    ~Pipe() {
        if (read >= 0) ::close(read);
        if (write >= 0) ::close(write);
    }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

// Only what is allowed between fork and exec: no allocation, no locks.
[[noreturn]] void become(char* const* argv, char* const* environment, const char* path, const char* directory, int out, int err, int failure, pid_t parent) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // if the worker dies, so do we
    if (::getppid() != parent) ::_exit(127);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::syscall(SYS_close_range, 3U, ~0U, 4U);  // CLOSE_RANGE_CLOEXEC: what we inherited ourselves goes no further
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (::dup2(nothing, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0 && (*directory == '\0' || ::chdir(directory) == 0)) {
        ::execve(path, argv, environment);
    }
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(failure, &error, sizeof error);
    ::_exit(127);
}

std::string find_program(const std::string& name, const std::vector<std::pair<std::string, std::string>>& environment) {
    if (name.find('/') != std::string::npos) return name;
    std::string path = default_path;
    for (const auto& [key, value] : environment) {
        if (key == "PATH") path = value;
    }
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        const auto candidate = path.substr(begin, end - begin) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        begin = end + 1;
    }
    return name;
}

}  // namespace

service::Result<std::unique_ptr<Process>> Process::start(service::Reactor& reactor, const std::vector<std::string>& argv, const std::string& directory,
                                                         const std::vector<std::pair<std::string, std::string>>& environment, ProcessEvents events) {
    if (argv.empty() || argv[0].empty()) return fail(Code::invalid, "there is no program to run", "set `run` in the command's settings");
    Pipe out, err, failure;
    if (!out.open() || !err.open() || !failure.open()) return fail(Code::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    std::vector<std::string> variables;
    for (const auto& [key, value] : environment) variables.push_back(key + "=" + value);
    const auto program = find_program(argv[0], environment);
    const auto arguments = pointers(argv);
    const auto variable_pointers = pointers(variables);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return fail(Code::io, fmt::format("cannot start a process: {}", std::strerror(errno)), "the machine may be out of processes or memory");
    if (child == 0) become(arguments.data(), variable_pointers.data(), program.c_str(), directory.c_str(), out.write, err.write, failure.write, parent);
    ::setpgid(child, child);  // whoever comes first
    ::close(std::exchange(failure.write, -1));
    int error = 0;
    if (::read(failure.read, &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
        ::waitpid(child, nullptr, 0);
        return fail(Code::not_found, fmt::format("cannot run {}: {}", argv[0], std::strerror(error)),
                    directory.empty() ? "check `run` in the command's settings" : "check `run` and `directory` in the command's settings");
    }
    auto process = std::unique_ptr<Process>(new Process(reactor, std::move(events)));
    process->pid_ = child;
    process->out_ = std::exchange(out.read, -1);
    process->err_ = std::exchange(err.read, -1);
    for (const int fd : {process->out_, process->err_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    process->pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    auto* raw = process.get();
    raw->out_ready_ = reactor.on_readable(raw->out_, [raw] { raw->read(raw->out_, raw->out_ready_, RunOutput::Stream::out); });
    raw->err_ready_ = reactor.on_readable(raw->err_, [raw] { raw->read(raw->err_, raw->err_ready_, RunOutput::Stream::err); });
    raw->exited_ = reactor.on_readable(raw->pidfd_, [raw] { raw->reap(); });
    return process;
}

// One read a turn, so that a program that never stops writing does not keep the reactor from its timeout. False at the end.
bool Process::read(int& fd, service::Reactor::Handle& handle, RunOutput::Stream stream) {
    if (fd < 0) return false;
    std::array<char, 65536> buffer;
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) {
        events_.output(stream, {buffer.data(), static_cast<std::size_t>(got)});
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    handle.cancel();
    ::close(std::exchange(fd, -1));
    return false;
}

void Process::reap() {
    if (pid_ < 0) return;
    exited_.cancel();
    ::kill(-pid_, SIGKILL);  // what it left behind in its group
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    // What it wrote is in the pipes: read on until their end, but not for ever.
    late_ = reactor_.every(std::chrono::milliseconds(1), [this, status, waited = std::chrono::milliseconds(0)]() mutable {
        if ((out_ < 0 && err_ < 0) || ++waited > drain_within) {
            late_.cancel();
            auto ended = std::move(events_.ended);
            ended(status);  // may destroy us
        }
    });
}

void Process::signal(int number) {
    if (pid_ > 0) ::kill(-pid_, number);
}

Process::~Process() {
    out_ready_.cancel();
    err_ready_.cancel();
    exited_.cancel();
    late_.cancel();
    if (pid_ > 0) {
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {out_, err_, pidfd_}) {
        if (fd >= 0) ::close(fd);
    }
}

}  // namespace parley::bots
