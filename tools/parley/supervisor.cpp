#include "tools/parley/supervisor.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "broker/service/clock.h"
#include "broker/service/log.h"

namespace parley::cli {

using namespace std::chrono_literals;
namespace log = service::log;

namespace {

constexpr auto restart_least = 200ms;
constexpr auto restart_most = 30'000ms;
constexpr auto healthy_after = 60s;
constexpr auto stop_within = 5s;

// Beside ourselves, as one build or one installation puts them; else wherever PATH finds it.
std::string beside_us(const std::string& program) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        if (auto sibling = self.parent_path() / program; std::filesystem::exists(sibling)) return sibling.string();
    }
    return program;
}

}  // namespace

std::vector<Command> programs_of(const bus::HouseSettings& house, const std::string& settings_path) {
    const auto command = [&](std::string name, std::string program, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"--settings", settings_path};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return Command{std::move(name), std::move(program), std::move(arguments)};
    };
    std::vector<Command> out{command("broker", "parley-broker"), command("indexer", "parley-indexer"),
                             command("workers", "parley-worker"), command("page", "parley-web")};
    for (const auto& [account, platform] : house.accounts) {
        if (platform == "web") continue;  // the page is that platform
        out.push_back(command("bridge " + account, "parley-" + platform, {"--account", account}));
    }
    return out;
}

pid_t start(const Command& command) {
    const auto path = beside_us(command.program);
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (const auto& argument : command.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);          // if we are killed, they end too
    ::setpgid(0, 0);                             // Ctrl-C reaches us alone; we end them in order
    if (::getppid() != parent) std::_Exit(1);    // we died before the prctl
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(path.c_str(), argv.data());
    std::fprintf(stderr, "parley: cannot start %s: it is neither beside this program nor in PATH\n", command.program.c_str());
    std::_Exit(127);
}

Supervisor::Supervisor(service::Reactor& reactor, std::vector<Command> commands) : reactor_(reactor) {
    for (auto& command : commands) children_.emplace_back().command = std::move(command);
    signals_ = reactor_.on_signal({SIGCHLD}, [this](int) { reap(); });
    for (auto& child : children_) launch(child);
}

void Supervisor::launch(Child& child) {
    child.started = service::SystemClock().steady();
    child.pid = start(child.command);
    log::info("started", {{"what", child.command.name}, {"pid", child.pid}});
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
        for (auto& child : children_) {
            if (child.pid != pid) continue;
            child.pid = -1;
            if (service::SystemClock().steady() - child.started > healthy_after) child.wait = restart_least;
            log::warning("ended; starting it again",
                         {{"what", child.command.name},
                          {WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)},
                          {"in_ms", child.wait.count()}});
            child.timer = reactor_.after(child.wait, [this, &child] { launch(child); });
            child.wait = std::min<std::chrono::milliseconds>(child.wait * 2, restart_most);
        }
    }
}

Supervisor::~Supervisor() {
    signals_.cancel();
    // Bridges and workers first: what they still have to say, the broker must hear.
    for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
        child->timer.cancel();
        if (child->pid <= 0) continue;
        ::kill(child->pid, SIGTERM);
        const auto deadline = std::chrono::steady_clock::now() + stop_within;
        while (::waitpid(child->pid, nullptr, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > deadline) ::kill(child->pid, SIGKILL);
            ::usleep(5000);
        }
    }
}

}  // namespace parley::cli
