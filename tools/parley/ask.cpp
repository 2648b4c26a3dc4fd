#include "tools/parley/ask.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

namespace parley::cli {

using service::Code;
using service::fail;
using service::Result;

Result<bus::HouseSettings> house(const service::Arguments& arguments) {
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return fail(file.error());
    auto settings = bus::read_house(file->root());
    for (const auto* owned_elsewhere : {"command", "web", "indexer", "broker", "worker"}) file->root().table(owned_elsewhere);
    if (auto good = file->good(); !good) return fail(good.error());
    return settings;
}

Session::Session(const bus::HouseSettings& house) : endpoint_(house.endpoint) {
    bus::ClientOptions options;
    options.endpoint = house.endpoint;
    options.name = fmt::format("cli-{}", ::getpid());
    options.role = bus::Role::operator_;
    // Over TCP the operator's pair is named "operator" in the folder of keys.
    const auto keys = bus::keys_of(house, "operator");
    if (keys) options.keys = *keys;
    else result_ = service::fail(keys.error());
    if (!options.keys.own_secret.empty()) options.name = "operator";
    client_ = std::make_unique<bus::Client>(reactor_, std::move(options));
}
Session::~Session() = default;

void Session::done(Result<void> result) {
    result_ = std::move(result);
    finished_ = true;
    reactor_.stop();
}

Result<void> Session::wait(std::chrono::milliseconds limit) {
    if (!result_) return result_;
    finished_ = false;
    const auto interrupt = reactor_.on_signal({SIGINT, SIGTERM}, [this](int) { done(); });
    service::Reactor::Handle deadline;
    if (limit.count() > 0) {
        deadline = reactor_.after(limit, [this] {
            done(client_->linked() ? fail(Code::timeout, "no answer in time", "parley status shows what is not moving")
                                   : fail(Code::unavailable, fmt::format("no broker answers at {}", endpoint_), "start it with: parley up"));
        });
    }
    reactor_.restart();
    reactor_.run();
    return finished_ ? result_ : Result<void>{};
}

Result<bus::Value> Session::ask(const std::string& service, const std::string& method, bus::Value request,
                                std::chrono::milliseconds deadline) {
    bus::Value answer;
    client_->query(service, method, request.encode(), deadline, [&](Result<std::string> reply) {
        if (!reply) return done(fail(reply.error()));
        auto value = bus::Value::decode(*reply);
        if (!value) return done(fail(value.error()));
        answer = std::move(*value);
        done();
    });
    if (auto waited = wait(deadline + std::chrono::seconds(1)); !waited) return fail(waited.error());
    return answer;
}

}  // namespace parley::cli
