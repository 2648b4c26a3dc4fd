#include "broker/bots/pool.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <map>

#include "broker/service/backoff.h"
#include "broker/service/clock.h"
#include "broker/service/log.h"

namespace parley::bots {

using namespace std::chrono_literals;
namespace log = service::log;

namespace {

constexpr auto orphans_come_within = 5s;  // of a worker's death: one after the other, as those between them and it die
constexpr service::BackoffLimits restart{.first = 200ms, .most = 10s};

struct Worker {
    explicit Worker(service::Random& random) : backoff(random, restart) {}
    pid_t pid = -1;
    service::Steady start_at{}, started{};
    service::Backoff backoff;
};

// Our children that are no workers: orphans of runs whose worker died (man 5 proc, task/TID/children).
void kill_orphans(const std::map<unsigned, Worker>& workers) {
    std::ifstream in(fmt::format("/proc/self/task/{}/children", ::getpid()));
    for (pid_t child = 0; in >> child;) {
        bool ours = false;
        for (const auto& [number, worker] : workers) ours |= worker.pid == child;
        if (!ours) ::kill(child, SIGKILL);
    }
}

pid_t start(unsigned number, const std::function<int(unsigned)>& work, const sigset_t& before) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::_exit(work(number));
}

}  // namespace

service::Result<void> run_pool(unsigned count, const std::function<int(unsigned)>& work) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t wanted, before;
    sigemptyset(&wanted);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&wanted, signal);
    ::sigprocmask(SIG_BLOCK, &wanted, &before);
    service::SystemRandom random;
    service::Steady orphans_until{};
    std::map<unsigned, Worker> workers;
    for (unsigned number = 1; number <= count; ++number) workers.emplace(number, random);
    for (bool stopping = false; !stopping;) {
        const auto now = service::SystemClock().steady();
        for (auto& [number, worker] : workers) {
            if (worker.pid > 0 || worker.start_at > now) continue;
            worker.pid = start(number, work, before);
            worker.started = now;
            if (worker.pid < 0) return service::fail(service::Code::io, fmt::format("cannot start a worker: {}", std::strerror(errno)));
        }
        const timespec tick{0, 100'000'000};
        const int signal = ::sigtimedwait(&wanted, nullptr, &tick);
        stopping = signal == SIGTERM || signal == SIGINT;
        int status = 0;
        for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
            for (auto& [number, worker] : workers) {
                if (worker.pid != pid) continue;
                const auto wait = worker.backoff.after_a_life_of(now - worker.started);
                log::warning("a worker died; starting another", {{"worker", number}, {"in_ms", wait.count()}});
                worker.pid = -1;
                worker.start_at = now + wait;
                orphans_until = now + orphans_come_within;
            }
        }
        if (now <= orphans_until) kill_orphans(workers);
    }
    for (const auto& [number, worker] : workers) {
        if (worker.pid > 0) ::kill(worker.pid, SIGTERM);
    }
    for (const auto& [number, worker] : workers) {
        if (worker.pid > 0) ::waitpid(worker.pid, nullptr, 0);
    }
    kill_orphans({});
    return {};
}

}  // namespace parley::bots
