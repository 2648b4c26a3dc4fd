// service::Reactor in virtual time; linked instead of broker/service/reactor.cpp. What a reactor was given to do is done by
// its process: never after its death, later while it is stopped.
#include "broker/service/reactor.h"

#include <deque>
#include <utility>

#include "broker/service/invariant.h"
#include "tests/faults/simulation/network.h"
#include "tests/faults/simulation/world.h"

namespace parley::service {

using simulation::Micros;
using simulation::World;

struct Reactor::Handle::State {
    bool cancelled = false;
    void cancel() { cancelled = true; }
};

struct Reactor::Loop {
    simulation::Process& process;
    std::deque<Work> posted;
    Micros last_post = 0;  // they stay in order
};

namespace {

constexpr Micros a_moment = 20;  // between being due and being done

simulation::Process& process_here() {
    auto* process = World::here().current();
    invariant(process != nullptr, "a reactor belongs to a process");
    return *process;
}

void arm(simulation::Process& process, const std::shared_ptr<Reactor::Handle::State>& state, Reactor::Work work, Micros period, bool again) {
    World::here().after(period + World::here().between(0, a_moment), process, [&process, state, work = std::move(work), period, again]() mutable {
        if (state->cancelled) return;
        work();
        if (again && !state->cancelled) arm(process, state, std::move(work), period, true);
    });
}

}  // namespace

Reactor::Handle::Handle() = default;
Reactor::Handle::Handle(std::shared_ptr<State> state) : state_(std::move(state)) {}
Reactor::Handle::Handle(Handle&&) noexcept = default;
Reactor::Handle& Reactor::Handle::operator=(Handle&& other) noexcept {
    if (this != &other) {
        cancel();
        state_ = std::move(other.state_);
    }
    return *this;
}
Reactor::Handle::~Handle() { cancel(); }
void Reactor::Handle::cancel() {
    if (auto state = std::move(state_)) state->cancel();
}

Reactor::Reactor() : loop_(new Loop{process_here(), {}, 0}) {}
Reactor::~Reactor() = default;

Steady Reactor::now() const { return simulation::WorldClock(loop_->process).steady(); }

void Reactor::post(Work work) {
    auto& world = World::here();
    loop_->posted.push_back(std::move(work));
    loop_->last_post = std::max(loop_->last_post, world.now() + world.between(0, a_moment));
    world.after(loop_->last_post - world.now(), loop_->process, [loop = loop_.get()] {
        const auto next = std::move(loop->posted.front());
        loop->posted.pop_front();
        next();
    });
}

Reactor::Handle Reactor::after(std::chrono::microseconds delay, Work work) {
    auto state = std::make_shared<Handle::State>();
    if (delay.count() <= 0) {
        post([state, work = std::move(work)] {
            if (!state->cancelled) work();
        });
    } else {
        arm(loop_->process, state, std::move(work), delay.count(), false);
    }
    return Handle(std::move(state));
}

Reactor::Handle Reactor::every(std::chrono::microseconds period, Work work) {
    auto state = std::make_shared<Handle::State>();
    arm(loop_->process, state, std::move(work), period.count(), true);
    return Handle(std::move(state));
}

Reactor::Handle Reactor::on_readable(int fd, Work work) {
    auto state = std::make_shared<Handle::State>();
    World::here().network().watch(fd, [state, work = std::move(work)] {
        if (!state->cancelled) work();
    });
    return Handle(std::move(state));
}

// What no process of a simulated house does.
void Reactor::run() { invariant(false, "the world runs, not a reactor"); }
bool Reactor::run_for(std::chrono::milliseconds) { invariant(false, "the world runs, not a reactor"); return false; }
void Reactor::stop() { invariant(false, "a simulated process is stopped from outside"); }
void Reactor::restart() { invariant(false, "a simulated process is started from outside"); }
Reactor::Handle Reactor::on_writable(int, Work) { invariant(false, "there are no such descriptors"); return {}; }
Reactor::Handle Reactor::on_signal(std::initializer_list<int>, std::function<void(int)>) { invariant(false, "there are no signals"); return {}; }
boost::asio::io_context& Reactor::context() { invariant(false, "there are no sockets of its own"); std::abort(); }

}  // namespace parley::service
