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

using service::Code;
using service::fail;
using service::Result;

// How every verb that needs the settings begins: they are read, and what is wrong with them is the answer.
using Work = std::function<Result<void>(const service::Arguments&, const bus::HouseSettings&)>;
std::function<Result<void>(const service::Arguments&)> with_house(Work work);

// An option that is a number; Code::invalid if it is none or out of range.
Result<std::int64_t> number(const service::Arguments& arguments, std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);

// Text from strangers must not drive the terminal.
std::string for_terminal(std::string text);

// A connected operator. wait() runs the reactor until done() was called or the limit passes (Code::timeout; without a
// broker Code::unavailable, and soon).
class Session {
public:
    explicit Session(const bus::HouseSettings& house);
    ~Session();
    service::Reactor& reactor() { return reactor_; }
    bus::Client& client() { return *client_; }
    void done(Result<void> result = {});
    // `limit` zero: no limit, through absences of the broker, which are said; an interrupt (Ctrl-C) ends it well.
    Result<void> wait(std::chrono::milliseconds limit);
    Result<bus::Value> ask(const std::string& service, const std::string& method, bus::Value request,
                           std::chrono::milliseconds deadline = std::chrono::seconds(5));

private:
    void link_changed(bool up);

    service::Reactor reactor_;
    std::unique_ptr<bus::Client> client_;
    std::string endpoint_;
    Result<void> usable_, result_;  // with these keys; of the last wait
    bool finished_ = false, linked_ = false, endless_ = false;
};

}  // namespace parley::cli
