// Virtual time, and what happens in it: one queue of events in the order of time and then of the seed. Everything that
// the processes of a simulated house see of the world comes from here, so one seed is one run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/clock.h"
#include "broker/service/random.h"

namespace parley::simulation {

using Micros = std::int64_t;  // since the beginning of the run
using namespace std::chrono_literals;
constexpr Micros operator""_us(unsigned long long n) { return static_cast<Micros>(n); }
constexpr Micros operator""_ms(unsigned long long n) { return static_cast<Micros>(n) * 1000; }
constexpr Micros operator""_s(unsigned long long n) { return static_cast<Micros>(n) * 1'000'000; }

// What happens to one program over all its lives. It dies between two effects: what it does after that changes
// nothing outside itself until it is taken away at the end of the step.
struct Process {
    std::string name;
    std::uint64_t life = 0;  // another after each start; work of an earlier life is not run
    bool dying = false;
    Micros paused_until = 0;      // as by SIGSTOP
    std::uint64_t dies_in = 0;    // effects from now; 0: it lives on
    Micros clock_offset = 0;      // of its wall clock
    std::vector<std::pair<Micros, Micros>> clock_steps{{0, 0}};  // since when it was how much
    bool disk_full = false;
    std::uint64_t boots = 1;      // of its machine
    std::function<void()> reap;   // takes a dead one away
};

class Network;
class Disk;
class Files;

// What is deliberately broken, to see that it is found. A name of a table, or one of: "frames" (overtake each other),
// "sync" (does nothing), "commits" (the last before a death are lost), "spool" (is empty after a death), "words" (are cut short
// in a room).
struct Sabotage {
    std::string blind;    // this table of the store: reads find nothing
    std::string forgets;  // this table of the store: writes are not there after a restart
    std::string other;
};

class World {
public:
    explicit World(std::uint64_t seed);
    ~World();
    static World& here();  // the one of this thread
    static World* here_or_null();

    Micros now() const { return now_; }
    void at(Micros when, std::function<void()> work) { add(when, nullptr, std::move(work)); }
    void after(Micros delay, std::function<void()> work) { add(now_ + delay, nullptr, std::move(work)); }
    void after(Micros delay, Process& process, std::function<void()> work) { add(now_ + delay, &process, std::move(work)); }
    bool step();  // false: nothing is left to happen
    void run_until(Micros when);

    // Asked before everything that outlives the process or that somebody else sees. False: it is dead, and nothing comes of it.
    bool effect();
    Process* current() { return current_; }
    // Runs `work` as if the process did it.
    void as(Process& process, const std::function<void()>& work);
    void die(Process& process);  // at once, between two steps

    // SplitMix64, as service::SeededRandom; a run takes a hundred thousand of them.
    std::uint64_t number() {
        std::uint64_t z = (random_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ z >> 31;
    }
    std::uint64_t below(std::uint64_t bound) { return number() % bound; }
    Micros between(Micros least, Micros most) { return least + static_cast<Micros>(below(static_cast<std::uint64_t>(most - least + 1))); }
    bool chance(double probability) { return static_cast<double>(number() >> 11) * 0x1.0p-53 < probability; }

    Network& network() { return *network_; }
    Disk& disk() { return *disk_; }
    Files& files() { return *files_; }
    Sabotage sabotage;

    bool tracing = false;
    void trace(std::string_view what);
    std::uint64_t steps() const { return steps_; }
    bool goes_on_and_on() const { return steps_ >= steps_max; }  // then run_until() does nothing more
    std::uint64_t fingerprint() const { return fingerprint_; }  // of every step: when and whose
    std::uint64_t ended_by_errors = 0;

private:
    struct Work {
        Process* process;
        std::uint64_t life;
        std::function<void()> what;
    };
    struct Happening {
        Micros at;
        std::uint64_t order;  // of those at one moment: by the seed
        std::uint32_t work;   // where in works_: a heap moves its elements about
    };
    struct Later {
        bool operator()(const Happening& a, const Happening& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
    };
    void add(Micros when, Process* process, std::function<void()> work);

    static constexpr std::uint64_t steps_max = 500'000;  // a run takes two thousand, seldom ten times as many

    std::uint64_t random_;
    Micros now_ = 0;
    std::uint64_t steps_ = 0, added_ = 0, fingerprint_ = 0;
    std::vector<Happening> queue_;  // a heap
    std::vector<Work> works_;
    std::vector<std::uint32_t> free_;  // of works_
    Process* current_ = nullptr;
    std::unique_ptr<Network> network_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<Files> files_;
};

// The clocks of one process: its wall clock may be set, the steady one is the world's.
class WorldClock final : public service::Clock {
public:
    explicit WorldClock(const Process& process) : process_(process) {}
    service::Time now() const override { return wall(World::here().now() + process_.clock_offset); }
    service::Steady steady() const override { return service::Steady(std::chrono::microseconds(World::here().now()) + 1h); }
    static service::Time wall(Micros at) { return service::Time(std::chrono::microseconds(1'795'426'800'000'000 + at)); }
    static Micros from_wall(service::Time time) { return time.time_since_epoch().count() - 1'795'426'800'000'000; }

private:
    const Process& process_;
};

}  // namespace parley::simulation
