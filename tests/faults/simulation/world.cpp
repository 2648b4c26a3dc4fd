#include "tests/faults/simulation/world.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "broker/service/invariant.h"
#include "tests/faults/simulation/disk.h"
#include "tests/faults/simulation/files.h"
#include "tests/faults/simulation/network.h"

namespace parley::simulation {
namespace {

constexpr Micros look_again = 100'000;

thread_local World* this_world = nullptr;

}  // namespace

World::World(std::uint64_t seed)
    : random_(seed), network_(std::make_unique<Network>(*this)), disk_(std::make_unique<Disk>(*this)), files_(std::make_unique<Files>(*this)) {
    service::invariant(std::exchange(this_world, this) == nullptr, "one world at a time");
}
World::~World() { this_world = nullptr; }

World& World::here() {
    service::invariant(this_world != nullptr, "this happens in no world");
    return *this_world;
}
World* World::here_or_null() { return this_world; }

void World::add(Micros when, Process* process, std::function<void()> work) {
    const auto order = (number() & ~std::uint64_t{0xFFFFFFFF}) | (++added_ & 0xFFFFFFFF);
    std::uint32_t place = 0;
    if (free_.empty()) {
        place = static_cast<std::uint32_t>(works_.size());
        works_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    works_[place] = {process, process == nullptr ? 0 : process->life, std::move(work)};
    queue_.push_back({std::max(when, now_), order, place});
    std::push_heap(queue_.begin(), queue_.end(), Later{});
}

bool World::step() {
    if (queue_.empty()) return false;
    std::pop_heap(queue_.begin(), queue_.end(), Later{});
    const auto next = queue_.back();
    queue_.pop_back();
    now_ = next.at;
    auto work = std::move(works_[next.work]);  // what it does may make them move
    free_.push_back(next.work);
    if (work.process != nullptr) {
        if (work.life != work.process->life) return true;
        if (work.process->paused_until > now_) {
            // It may be woken earlier: looked at again and again.
            add(std::min(work.process->paused_until, now_ + look_again), work.process, std::move(work.what));
            return true;
        }
    }
    ++steps_;
    fingerprint_ = (fingerprint_ ^ static_cast<std::uint64_t>(now_) ^ next.order) * 0x100000001b3U + work.life;
    if (work.process == nullptr) work.what();
    else as(*work.process, work.what);
    return true;
}

void World::run_until(Micros when) {
    while (!queue_.empty() && queue_.front().at <= when && !goes_on_and_on()) step();
    now_ = std::max(now_, when);
}

void World::as(Process& process, const std::function<void()>& work) {
    const auto before = std::exchange(current_, &process);
    try {
        work();
    } catch (const std::exception& error) {  // as the main functions do it: said, and the process ends
        trace(std::string("ends by an error: ") + error.what());
        if (!process.dying) ++ended_by_errors;
        process.dying = true;
    }
    current_ = before;
    if (process.dying && before == nullptr) process.reap();
}

bool World::effect() {
    if (current_ == nullptr) return true;
    if (current_->dying) return false;
    if (current_->dies_in == 0 || --current_->dies_in > 0) return true;
    trace("dies here");
    current_->dying = true;
    return false;
}

void World::die(Process& process) {
    process.dying = true;
    if (current_ != &process) process.reap();
}

void World::trace(std::string_view what) {
    if (!tracing) return;
    std::printf("%10.6f %-8s %.*s\n", static_cast<double>(now_) / 1e6, current_ == nullptr ? "" : current_->name.c_str(), static_cast<int>(what.size()), what.data());
}

}  // namespace parley::simulation
