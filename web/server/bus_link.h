// The bus, for handlers on other threads: asks and publishes on the reactor's thread and waits, with a deadline.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::server {

class Bus {
public:
    virtual ~Bus() = default;
    virtual service::Result<bus::Value> ask(const std::string& service, const std::string& method,
                                            const bus::Value& request, std::chrono::milliseconds deadline) = 0;
    virtual service::Result<bus::Sequence> publish(bus::Event event, std::chrono::milliseconds deadline) = 0;
    virtual bool up() = 0;
};

class BusLink final : public Bus {
public:
    // `client` lives on `reactor`; both outlive this and every thread that asks.
    BusLink(service::Reactor& reactor, bus::Client& client);
    service::Result<bus::Value> ask(const std::string& service, const std::string& method, const bus::Value& request,
                                    std::chrono::milliseconds deadline) override;
    service::Result<bus::Sequence> publish(bus::Event event, std::chrono::milliseconds deadline) override;
    bool up() override;
    void close();  // who waits gets Code::unavailable, and so does who asks from now on

private:
    template <class T>
    struct Waiting;
    template <class T>
    service::Result<T> wait(const std::shared_ptr<Waiting<T>>& waiting, std::chrono::milliseconds deadline);

    service::Reactor& reactor_;
    bus::Client& client_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = false;
    std::atomic<bool> up_{false};
};

}  // namespace parley::server
