#include "tools/parley/supervisor.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "broker/service/log.h"
#include "broker/service/program.h"

namespace parley::cli {

using namespace std::chrono_literals;
namespace log = service::log;

namespace {

constexpr service::BackoffLimits restart{.first = 200ms, .most = 30s};
constexpr auto stop_within = 5s;
constexpr std::size_t said_bytes_max = 64 << 10;

std::filesystem::path our_folder() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

// Beside ourselves, as one build or one installation puts them; else wherever PATH finds it.
std::string beside_us(const std::string& program) {
    std::error_code error;
    const auto sibling = our_folder() / program;
    return std::filesystem::exists(sibling, error) ? sibling.string() : program;
}

bool in_path(const std::string& program) {
    const char* variable = std::getenv("PATH");
    std::istringstream path(variable == nullptr ? "" : variable);
    for (std::string folder; std::getline(path, folder, ':');) {
        if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

constexpr std::string_view prefix = "parley-", keeper_mark = "-keeper";
constexpr std::array<std::string_view, 4> no_platforms{"broker", "indexer", "worker", "web"};
bool of_the_house(std::string_view name) {
    return name.ends_with(keeper_mark) || std::find(no_platforms.begin(), no_platforms.end(), name) != no_platforms.end();
}

// A platform whose bridge can leave its connection to another process while it is away brings that process.
bool has_keeper(const bus::HouseSettings& house, const std::string& account, const std::string& platform) {
    const auto said = house.keepers.find(account);
    if (said != house.keepers.end()) return said->second;
    std::error_code error;
    return std::filesystem::exists(our_folder() / std::string(prefix).append(platform).append(keeper_mark), error);
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

std::vector<std::string> platforms() {
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(our_folder(), error)) {
        auto name = entry.path().filename().string();
        if (!name.starts_with(prefix) || of_the_house(name.substr(prefix.size()))) continue;
        out.push_back(name.substr(prefix.size()));
    }
    std::sort(out.begin(), out.end());
    return out;
}

bool is_platform(const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || of_the_house(name)) return false;
    const auto program = std::string(prefix) + name;
    return beside_us(program) != program || in_path(program);
}

std::vector<Command> programs_of(const bus::HouseSettings& house, const std::string& settings_path) {
    const auto command = [&](std::string name, std::string program, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"--settings", settings_path};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return Command{std::move(name), std::move(program), std::move(arguments)};
    };
    std::vector<Command> out{command("broker", "parley-broker"), command("indexer", "parley-indexer"),
                             command("workers", "parley-worker"), command("page", "parley-web")};
    for (const auto& [account, platform] : house.accounts) {
        if (platform == "web" || !is_platform(platform)) continue;  // the page is that platform
        std::vector<std::string> more{"--account", account};
        if (has_keeper(house, account, platform)) {
            out.push_back(command("keeper " + account, "parley-" + platform + "-keeper", more));
            out.back().account = account;
            out.back().is_keeper = true;
            more.emplace_back("--kept");
        }
        out.push_back(command("bridge " + account, "parley-" + platform, more));
        out.back().account = account;
    }
    return out;
}

pid_t start(const Command& command, int standard_error) {
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
    if (standard_error >= 0) ::dup2(standard_error, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(path.c_str(), argv.data());
    std::fprintf(stderr, "parley: %s: there is no program %s beside this one or in PATH\n", command.name.c_str(), command.program.c_str());
    std::_Exit(127);
}

int run_to_end(const Command& command) {
    const auto child = start(command);
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return service::exit_failed;
    return exit_code_of(status);
}

Checkup check(Command command) {
    command.arguments.emplace_back("--check");
    Checkup out{service::exit_failed, {}};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return out;
    const auto child = start(command, ends[1]);
    ::close(ends[1]);
    char piece[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], piece, sizeof piece)) > 0;) {  // to the end, so that it never waits for us
        if (out.said.size() < said_bytes_max) out.said.append(piece, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    if (child > 0 && ::waitpid(child, &status, 0) == child) out.exit_code = exit_code_of(status);
    return out;
}

Supervisor::Child::Child(Command c, service::Random& random) : command(std::move(c)), backoff(random, restart) {}

Supervisor::Supervisor(service::Reactor& reactor, std::vector<Command> commands) : reactor_(reactor) {
    for (auto& command : commands) add(std::move(command));
    signals_ = reactor_.on_signal({SIGCHLD}, [this](int) { reap(); });
    for (auto& child : children_) launch(child);
}

void Supervisor::add(Command command) { children_.emplace_back(std::move(command), random_); }

// The broker ends last, so that what the others still say is heard, and starts first.
void Supervisor::change_to(std::vector<Command> commands) {
    const auto same = [](const Command& a, const Command& b) {
        return a.name == b.name && a.program == b.program && a.arguments == b.arguments && a.depends == b.depends;
    };
    std::vector<Child*> touched, broker;
    for (auto& child : children_) {
        const bool stays = std::any_of(commands.begin(), commands.end(), [&](const auto& command) { return same(command, child.command); });
        if (!stays) (&child == &children_.front() ? broker : touched).push_back(&child);
    }
    for (const auto& children : {touched, broker}) {
        for (auto* child : children) {
            log::info("ends, since the settings have changed", {{"what", child->command.name}});
            child->timer.cancel();
        }
        end(children);
    }
    std::list<Child> before;
    before.swap(children_);
    for (auto& command : commands) {
        const auto kept = std::find_if(before.begin(), before.end(), [&](const auto& child) { return same(command, child.command); });
        if (kept != before.end()) children_.splice(children_.end(), before, kept);
        else add(std::move(command));
    }
    for (auto& child : children_)
        if (child.pid < 0 && !child.timer) launch(child);
}

void Supervisor::launch(Child& child) {
    child.started = service::SystemClock().steady();
    child.pid = start(child.command);
    if (child.pid > 0) return log::info("started", {{"what", child.command.name}, {"pid", child.pid}});
    log::error("cannot be started", {{"what", child.command.name}, {"why", std::strerror(errno)}});
    start_again(child);
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
        for (auto& child : children_) {
            if (child.pid != pid) continue;
            child.pid = -1;
            log::warning("ended", {{"what", child.command.name}, {WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)}});
            start_again(child);
        }
    }
}

void Supervisor::start_again(Child& child) {
    const auto wait = child.backoff.after_a_life_of(service::SystemClock().steady() - child.started);
    log::info("will be started again", {{"what", child.command.name}, {"in_ms", wait.count()}});
    child.timer = reactor_.after(wait, [this, &child] {
        child.timer = {};
        launch(child);
    });
}

Supervisor::~Supervisor() {
    signals_.cancel();
    for (auto& child : children_) child.timer.cancel();
    std::vector<Child*> others;
    for (auto& child : children_)
        if (&child != &children_.front()) others.push_back(&child);
    end(others);
    if (!children_.empty()) end({&children_.front()});
}

void Supervisor::end(const std::vector<Child*>& children) {
    for (auto* child : children) {
        if (child->pid > 0) ::kill(child->pid, SIGTERM);
    }
    const auto deadline = std::chrono::steady_clock::now() + stop_within;
    for (auto* child : children) {
        while (child->pid > 0 && ::waitpid(child->pid, nullptr, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > deadline) ::kill(child->pid, SIGKILL);
            ::usleep(5000);
        }
        child->pid = -1;
    }
}

}  // namespace parley::cli
