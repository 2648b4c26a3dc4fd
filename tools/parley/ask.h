// What most verbs need: the house's settings, and a moment on the bus.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "broker/bus/client.h"
#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "broker/service/program.h"
#include "broker/service/reactor.h"

namespace parley::cli {

service::Result<bus::HouseSettings> house(const service::Arguments& arguments);

// A connected operator. wait() runs the reactor until done() was called or the limit passes (Code::timeout).
class Session {
public:
    explicit Session(const bus::HouseSettings& house);
    ~Session();
    service::Reactor& reactor() { return reactor_; }
    bus::Client& client() { return *client_; }
    void done(service::Result<void> result = {});
    // `limit` zero: no limit; an interrupt (Ctrl-C) ends it well.
    service::Result<void> wait(std::chrono::milliseconds limit);
    service::Result<bus::Value> ask(const std::string& service, const std::string& method, bus::Value request,
                                    std::chrono::milliseconds deadline = std::chrono::seconds(5));

private:
    service::Result<void> linked();

    service::Reactor reactor_;
    std::unique_ptr<bus::Client> client_;
    std::string endpoint_;
    service::Result<void> result_;
    bool finished_ = false;
};

}  // namespace parley::cli
