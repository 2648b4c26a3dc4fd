#include "web/server/bus_link.h"

#include <optional>

namespace parley::server {

using service::Code;
using service::fail;
using service::Result;

// Shared by the thread that waits and the reply, which may come when nobody waits any more.
template <class T>
struct BusLink::Waiting {
    std::optional<Result<T>> reply;
};

BusLink::BusLink(service::Reactor& reactor, bus::Client& client) : reactor_(reactor), client_(client) {
    up_ = client_.linked();
    client_.on_link([this](bool up) { up_ = up; });
}

template <class T>
Result<T> BusLink::wait(const std::shared_ptr<Waiting<T>>& waiting, std::chrono::milliseconds deadline) {
    std::unique_lock hold(mutex_);
    changed_.wait_for(hold, deadline, [&] { return closed_ || waiting->reply; });
    if (waiting->reply) return std::move(*waiting->reply);
    if (closed_) return fail(Code::unavailable, "the page's server is stopping");
    return fail(Code::timeout, "no answer within " + service::for_people(deadline),
                up_ ? "try again" : "the broker is away; it may be starting");
}

Result<bus::Value> BusLink::ask(const std::string& service, const std::string& method, const bus::Value& request,
                                std::chrono::milliseconds deadline) {
    if (!up_)
        return fail(Code::unavailable, "the broker is away", "start it, or wait: the page finds it again by itself");
    auto waiting = std::make_shared<Waiting<std::string>>();
    reactor_.post([this, waiting, service, method, bytes = request.encode(), deadline] {
        client_.query(service, method, bytes, deadline, [this, waiting](Result<std::string> reply) {
            const std::lock_guard hold(mutex_);
            waiting->reply = std::move(reply);
            changed_.notify_all();
        });
    });
    // The broker keeps the deadline; a little longer here lets its clearer answer arrive.
    auto bytes = wait(waiting, deadline + std::chrono::milliseconds(250));
    if (!bytes) return fail(bytes.error());
    return bus::Value::decode(*bytes);
}

Result<bus::Sequence> BusLink::publish(bus::Event event, std::chrono::milliseconds deadline) {
    auto waiting = std::make_shared<Waiting<bus::Sequence>>();
    reactor_.post([this, waiting, event = std::move(event)]() mutable {
        client_.publish(std::move(event), [this, waiting](Result<bus::Sequence> sequence) {
            const std::lock_guard hold(mutex_);
            waiting->reply = std::move(sequence);
            changed_.notify_all();
        });
    });
    return wait(waiting, deadline);
}

bool BusLink::up() { return up_; }

void BusLink::close() {
    const std::lock_guard hold(mutex_);
    closed_ = true;
    changed_.notify_all();
}

}  // namespace parley::server
