#include "broker/bots/strays.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <vector>

namespace parley::bots {

namespace {

// Killing a parent hands its children to us; a tree of this depth is gone after as many rounds.
constexpr int rounds_max = 64;

std::vector<pid_t> children() {
    std::ifstream in(fmt::format("/proc/self/task/{}/children", ::getpid()));
    std::vector<pid_t> out;
    for (pid_t pid = 0; in >> pid;) out.push_back(pid);
    return out;
}

bool belongs_to(pid_t pid, const std::string& run) {
    std::ifstream in(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    const auto environment = std::string(1, '\0') + content.str();
    return environment.find(std::string(1, '\0') + "PARLEY_RUN=" + run + std::string(1, '\0')) != std::string::npos;
}

// A program that we started leads a group in our session, and is reaped by who started it.
bool started_by_us(pid_t pid) { return ::getpgid(pid) == pid && ::getsid(pid) == ::getsid(0); }

}  // namespace

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void kill_strays_of(const std::string& run) {
    if (run.empty()) return;
    for (int round = 0; round < rounds_max; ++round) {
        bool any = false;
        for (const pid_t pid : children()) {
            siginfo_t info{};
            if (started_by_us(pid) || !belongs_to(pid, run)) continue;
            ::kill(pid, SIGKILL);
            any = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0 || any;
        }
        if (!any) return;
    }
}

void reap_strays() {
    for (const pid_t pid : children()) {
        siginfo_t info{};
        if (!started_by_us(pid)) ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
    }
}

}  // namespace parley::bots
