// simulate: runs seeds of the simulation and counts; or one seed, told step by step.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/faults/simulation/run.h"

using namespace parley::simulation;

namespace {

constexpr const char* usage =
    "simulate --seeds A..B [--jobs N]   runs these seeds, prints each breach and what happened in all; exits 1 if there is a breach\n"
    "simulate --seed N                  tells one run step by step\n"
    "To see that it finds something, break one thing:\n"
    "  --blind TABLE      reads of this table of every store find nothing\n"
    "  --forgets TABLE    what was written there is gone after a restart\n"
    "  --broken WHAT      frames, sync, commits, spool, words: see tests/faults/simulation/world.h\n";

struct Wanted {
    std::uint64_t first = 1, last = 0;
    bool trace = false;
    unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
    Sabotage sabotage;
};

std::optional<Wanted> read(int argc, char** argv) {
    Wanted wanted;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view option = argv[i];
        if (i + 1 == argc) return std::nullopt;
        const std::string value = argv[i + 1];
        const auto number = std::strtoull(value.c_str(), nullptr, 10);
        const auto dots = value.find("..");
        if (option == "--seeds" && dots != std::string::npos) wanted.first = number, wanted.last = std::strtoull(value.c_str() + dots + 2, nullptr, 10);
        else if (option == "--seed") wanted.first = wanted.last = number, wanted.trace = true;
        else if (option == "--jobs" && number > 0) wanted.jobs = static_cast<unsigned>(number);
        else if (option == "--blind") wanted.sabotage.blind = value;
        else if (option == "--forgets") wanted.sabotage.forgets = value;
        else if (option == "--broken") wanted.sabotage.other = value;
        else return std::nullopt;
    }
    return wanted.last >= wanted.first ? std::optional(wanted) : std::nullopt;
}

struct Sum {
    std::uint64_t runs = 0, bad = 0, stuck = 0;
    Micros lasted = 0;
    Report all;

    void add(const Report& report) {
        ++runs;
        bad += !report.good();
        stuck += !report.stuck.empty();
        lasted += report.lasted;
        all.steps += report.steps;
        all.frames += report.frames;
        all.commits += report.commits;
        all.ended_by_errors += report.ended_by_errors;
        for (std::size_t i = 0; i < fault_kinds; ++i) all.faults[i] += report.faults[i];
        all.verdict.add(report.verdict);
    }

    void print(double took) const {
        const auto& v = all.verdict;
        const double worked = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
        fmt::print("{} runs in {:.1f} s ({:.0f} a second, {:.0f} a second of a processor), {:.1f} virtual hours, {} steps, {} frames, {} commits\n", runs, took, static_cast<double>(runs) / took, static_cast<double>(runs) / worked, static_cast<double>(lasted) / 3.6e9, all.steps, all.frames, all.commits);
        fmt::print("said {}, accepted {}, deliveries {}, commands {}\n", v.said, v.accepted, v.deliveries, v.commands);
        fmt::print("faults:");
        for (std::size_t i = 0; i < fault_kinds; ++i) fmt::print("{} {} {}", i == 0 ? "" : ",", name(static_cast<Fault>(i)), all.faults[i]);
        fmt::print("; ended by an error of their own {}\n", all.ended_by_errors);
        fmt::print("said by a marker or a receipt: missed {}, perhaps said twice {}, refused {}, runs lost {}\n", v.missed_and_marked, v.doubled_and_marked, v.refused_and_said, v.runs_lost_and_said);
        fmt::print("breaches: lost {}, doubled {}, reordered {}, mangled {}, run twice {}, without an end {}, stuck {}\n", v.lost, v.doubled, v.reordered, v.mangled, v.ran_twice, v.never_ended, stuck);
    }
};

void tell(std::uint64_t seed, const Report& report) {
    fmt::print("seed {}:\n", seed);
    if (!report.stuck.empty()) fmt::print("  stuck {}\n", report.stuck);
    for (const auto& breach : report.verdict.breaches) fmt::print("  {}\n", breach);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const auto wanted = read(argc, argv);
    if (!wanted) {
        std::fputs(usage, stderr);
        return 2;
    }
    std::string folder = (std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/parley-simulation-XXXXXX");
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror(folder.c_str());
        return 1;
    }
    Sum sum;
    std::mutex mutex;
    std::atomic<std::uint64_t> next = wanted->first;
    const auto work = [&](unsigned number) {
        for (auto seed = next++; seed <= wanted->last; seed = next++) {
            const auto report = run({seed, folder + "/" + std::to_string(number), wanted->trace, wanted->sabotage});
            const std::lock_guard lock(mutex);
            sum.add(report);
            if (!report.good()) tell(seed, report);
        }
    };
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::jthread> threads;
    for (unsigned number = 1; number < wanted->jobs; ++number) threads.emplace_back(work, number);
    work(0);
    threads.clear();
    sum.print(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    std::filesystem::remove_all(folder);
    return sum.bad == 0 ? 0 : 1;
}
