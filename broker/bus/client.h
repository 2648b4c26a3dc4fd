// A process's connection to the broker. It reconnects by itself, says hello again, publishes again what was not
// acknowledged and follows on from where it was. It never blocks; everything runs on the reactor's thread, callbacks too.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/bus/event.h"
#include "broker/bus/keys.h"
#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::bus {

struct ClientOptions {
    std::string endpoint;  // "ipc:///run/parley/broker" or "tcp://host:port" (then keys are required)
    std::string name;      // unique: "libera", "worker-1", "indexer"
    Role role = Role::operator_;
    Keys keys;
    std::size_t unacknowledged_max = 65536;  // publishes in flight; beyond it publish() fails with Code::limit
    std::chrono::milliseconds silent_after{3000};  // no word for so long: the link counts as down
};

struct Filter {  // empty: everything
    std::vector<std::string> gateways;
    std::vector<RoomAddress> rooms;   // born there
    std::vector<Kind> kinds;
    std::string deliver_to;           // an account: only events with a recipient room on it; Followed::recipients says which
};

struct FollowOptions {
    enum class Start : std::uint8_t { cursor = 0, beginning = 1, now = 2 };  // cursor: beginning if there is none yet
    std::string cursor;        // its name in the broker; empty: not durable
    Start start = Start::cursor;
    Filter filter;
    std::uint32_t credit = 1024;  // events on the way or not yet acknowledged, at most
    std::chrono::milliseconds patience{0};  // it may be told so much later, of more at once, after those who have none
};

struct Followed {
    Event event;                          // sequence and journaled are set
    std::vector<RoomAddress> recipients;  // rooms on the followed account that it is for
};

struct Job {
    EventId lease;      // fences this claim: a later claim has another
    Event requested;    // body is CommandRequested; its id is the run's id
    std::uint32_t attempt = 1;
    std::chrono::milliseconds heartbeat_every{1000};  // a lease lapses after four silent periods
};

class Client {
public:
    template <class T>
    using Done = std::function<void(service::Result<T>)>;

    Client(service::Reactor& reactor, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Durable when `done` gives its sequence (that of the first time, if the id was known). Order is kept.
    void publish(const Event& event, Done<Sequence> done = {});
    void publish_encoded(std::string event, Done<Sequence> done = {});  // by encode()
    // Calls once the broker has said welcome, and each time the link is gained or lost.
    void on_link(std::function<void(bool up)> changed);
    bool linked() const;
    // Why the broker does not let us in; no error: it has not said no.
    const service::Error& shut_out() const;
    std::size_t unacknowledged() const;

    // One follow each client. Events arrive in order, in batches.
    void follow(FollowOptions options, std::function<void(std::vector<Followed>)> events);
    // Everything up to and including `sequence` is done with: moves the durable cursor and gives credit back.
    void acknowledge(Sequence sequence);

    // Takes up to `slots` jobs at a time. `cancel` is called if a run must stop.
    void lease(std::uint32_t slots, std::function<void(Job)> job, std::function<void(EventId run)> cancel);
    // Publishes the RunFinished and gives the slot back, atomically. Code::conflict: the lease had lapsed, the run is
    // `lost` already, and nothing was published.
    void finish(const Job& job, Event finished, Done<Sequence> done = {});

    // Asks a service by name ("archive", "broker"); request and reply are msgpack, see docs/protocol.md.
    void query(std::string service, std::string method, std::string request, std::chrono::milliseconds deadline, Done<std::string> done);
    // Answers queries to `service`. `reply` may be called later, once, on this thread.
    using Reply = std::function<void(service::Result<std::string>)>;
    void serve(std::string service, std::function<void(std::string method, std::string request, std::chrono::milliseconds deadline, Reply reply)> handler);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace parley::bus
