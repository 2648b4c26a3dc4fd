// One thread's event loop: timers, file descriptors, signals, and work posted from elsewhere. Boost.Asio inside, kept
// out of this header. Everything but post() and stop() is called on the loop's own thread.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

#include "broker/service/clock.h"

namespace boost::asio {
class io_context;
}

namespace parley::service {

class Reactor {
public:
    using Work = std::function<void()>;

    // Cancels what it stands for when destroyed. May be destroyed from inside its own callback.
    class [[nodiscard]] Handle {
    public:
        Handle();
        Handle(Handle&&) noexcept;
        Handle& operator=(Handle&&) noexcept;
        ~Handle();
        void cancel();
        explicit operator bool() const { return state_ != nullptr; }

        struct State;

    private:
        friend class Reactor;
        explicit Handle(std::shared_ptr<State> state);
        std::shared_ptr<State> state_;  // shared with the pending callback, which must outlive a cancel
    };

    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    void run();                          // until stop()
    bool run_for(std::chrono::milliseconds limit);  // for tests; true if stop() was called
    void stop();                         // any thread
    void restart();                      // after stop(): run() may be called again
    void post(Work work);                // any thread; in order
    Steady now() const;                  // the time that its timers go by
    Handle after(std::chrono::microseconds delay, Work work);
    Handle every(std::chrono::microseconds period, Work work);
    // Calls `work` each time `fd` is readable (or writable). The descriptor is not owned; cancel before closing it.
    Handle on_readable(int fd, Work work);
    Handle on_writable(int fd, Work work);
    Handle on_signal(std::initializer_list<int> signals, std::function<void(int)> work);

    boost::asio::io_context& context();  // for code that brings its own Asio sockets

private:
    struct Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace parley::service
