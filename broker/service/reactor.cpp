#include "broker/service/reactor.h"

#include <fcntl.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "broker/service/invariant.h"

namespace parley::service {

namespace asio = boost::asio;
using boost::system::error_code;

struct Reactor::Loop {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
};

struct Reactor::Handle::State {
    bool cancelled = false;
    std::optional<asio::steady_timer> timer;
    std::optional<asio::posix::stream_descriptor> descriptor;
    std::optional<asio::signal_set> signals;

    void cancel() {
        cancelled = true;
        error_code ignored;
        if (timer) timer->cancel(ignored);
        if (signals) signals->cancel(ignored);
        if (descriptor) descriptor->close(ignored);
    }
};

namespace {

using State = Reactor::Handle::State;

void arm_timer(const std::shared_ptr<State>& state, Reactor::Work work, std::chrono::microseconds period) {
    state->timer->async_wait([state, work = std::move(work), period](const error_code& error) mutable {
        if (error || state->cancelled) return;
        if (period.count() == 0) {
            auto once = std::move(work);
            once();
            return;
        }
        work();
        if (state->cancelled) return;
        state->timer->expires_after(period);
        arm_timer(state, std::move(work), period);
    });
}

void arm_descriptor(const std::shared_ptr<State>& state, Reactor::Work work, asio::posix::stream_descriptor::wait_type what) {
    state->descriptor->async_wait(what, [state, work = std::move(work), what](const error_code& error) mutable {
        if (error || state->cancelled) return;
        work();
        if (!state->cancelled) arm_descriptor(state, std::move(work), what);
    });
}

// Each watch has a descriptor of its own: epoll takes one only once, and ours may be closed when the watch ends.
int duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    invariant(copy >= 0, "a watched file descriptor is closed, or the process is out of descriptors");
    return copy;
}

void arm_signals(const std::shared_ptr<State>& state, std::function<void(int)> work) {
    state->signals->async_wait([state, work = std::move(work)](const error_code& error, int signal) mutable {
        if (error || state->cancelled) return;
        work(signal);
        if (!state->cancelled) arm_signals(state, std::move(work));
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

Reactor::Reactor() : loop_(std::make_unique<Loop>()) {}
Reactor::~Reactor() = default;

void Reactor::run() { loop_->context.run(); }
bool Reactor::run_for(std::chrono::milliseconds limit) {
    loop_->context.run_for(limit);
    return loop_->context.stopped();
}
void Reactor::restart() { loop_->context.restart(); }
void Reactor::stop() { loop_->context.stop(); }
void Reactor::post(Work work) { asio::post(loop_->context, std::move(work)); }

Steady Reactor::now() const { return std::chrono::steady_clock::now(); }

Reactor::Handle Reactor::after(std::chrono::microseconds delay, Work work) {
    auto state = std::make_shared<State>();
    if (delay.count() <= 0) {  // no timer to set, which would be two calls of the system
        asio::post(loop_->context, [state, work = std::move(work)] {
            if (!state->cancelled) work();
        });
        return Handle(std::move(state));
    }
    state->timer.emplace(loop_->context, delay);
    arm_timer(state, std::move(work), std::chrono::microseconds(0));
    return Handle(std::move(state));
}

Reactor::Handle Reactor::every(std::chrono::microseconds period, Work work) {
    auto state = std::make_shared<State>();
    state->timer.emplace(loop_->context, period);
    arm_timer(state, std::move(work), period);
    return Handle(std::move(state));
}

Reactor::Handle Reactor::on_readable(int fd, Work work) {
    auto state = std::make_shared<State>();
    state->descriptor.emplace(loop_->context, duplicate(fd));
    arm_descriptor(state, std::move(work), asio::posix::stream_descriptor::wait_read);
    return Handle(std::move(state));
}

Reactor::Handle Reactor::on_writable(int fd, Work work) {
    auto state = std::make_shared<State>();
    state->descriptor.emplace(loop_->context, duplicate(fd));
    arm_descriptor(state, std::move(work), asio::posix::stream_descriptor::wait_write);
    return Handle(std::move(state));
}

Reactor::Handle Reactor::on_signal(std::initializer_list<int> signals, std::function<void(int)> work) {
    auto state = std::make_shared<State>();
    state->signals.emplace(loop_->context);
    for (const int signal : signals) state->signals->add(signal);
    arm_signals(state, std::move(work));
    return Handle(std::move(state));
}

asio::io_context& Reactor::context() { return loop_->context; }

}  // namespace parley::service
