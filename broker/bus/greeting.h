// When a client says hello: at once on a new connection, and again when the broker does not know us, but then not for each
// time that it says so. A broker that cannot keep us (its disk is full) forgets us right after its welcome, and asks who we
// are for each frame that is on its way: if each were answered, they would multiply without an end.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "broker/service/reactor.h"

namespace parley::bus {

class Greeting {
public:
    // `say` gives false if nothing could be sent.
    Greeting(service::Reactor& reactor, std::function<bool()> say) : reactor_(reactor), say_(std::move(say)) {}

    void say() {
        const bool first = !std::exchange(open_, true);
        said_ = reactor_.now();
        // Not sent: at first the connection's monitor may be ahead of its socket, then the connection is full. Sent: the answer
        // may be lost where the way back is full.
        const auto patience = say_() ? unanswered_after : first ? std::chrono::milliseconds(10) : every;
        later_ = reactor_.after(patience, [this] {
            if (open_) say();
        });
    }
    void again() {
        const auto since = reactor_.now() - said_;
        if (open_ && since < given_up_after) return;
        if (since >= every) return say();
        open_ = true;
        later_ = reactor_.after(std::chrono::ceil<std::chrono::milliseconds>(every - since), [this] { say(); });
    }
    void answered() {
        open_ = false;
        later_ = {};
    }
    bool open() const { return open_; }
    void gone() { answered(); }  // the connection: it is said on the next one

private:
    static constexpr std::chrono::milliseconds every{100};  // at most
    static constexpr std::chrono::milliseconds given_up_after{500};
    static constexpr std::chrono::milliseconds unanswered_after{2000};

    service::Reactor& reactor_;
    std::function<bool()> say_;
    service::Reactor::Handle later_;
    service::Steady said_{};
    bool open_ = false;  // said or about to be, and not answered
};

}  // namespace parley::bus
