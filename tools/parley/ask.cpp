#include "tools/parley/ask.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <optional>

namespace parley::cli {
namespace {

constexpr std::chrono::seconds link_within{2};  // on one machine it takes a millisecond

}  // namespace

std::function<Result<void>(const service::Arguments&)> with_house(Work work) {
    return [work = std::move(work)](const service::Arguments& arguments) -> Result<void> {
        auto file = service::SettingsFile::load(arguments.settings_path);
        if (!file) return fail(file.error());
        const auto settings = bus::read_house(file->root());
        if (auto good = file->good(); !good) return fail(good.error());
        return work(arguments, settings);
    };
}

Result<std::int64_t> number(const service::Arguments& arguments, std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const auto said = service::option(arguments, name);
    if (said.empty()) return fallback;
    std::int64_t value = 0;
    const auto [end, wrong] = std::from_chars(said.data(), said.data() + said.size(), value);
    if (wrong == std::errc() && end == said.data() + said.size() && value >= least && value <= most) return value;
    return fail(Code::invalid, fmt::format("{} {} is not understood", name, said), fmt::format("use a number from {} to {}", least, most));
}

std::string for_terminal(std::string text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool high_control = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;  // U+0080 to U+009F
        if (byte < 0x20 || byte == 0x7f) text[i] = ' ';
        else if (high_control) text.replace(i, 2, " ");
    }
    return text;
}

Session::Session(const bus::HouseSettings& house) : endpoint_(house.endpoint) {
    bus::ClientOptions options;
    options.endpoint = house.endpoint;
    options.name = fmt::format("cli-{}", ::getpid());
    options.role = bus::Role::operator_;
    // Over TCP the operator's pair is named "operator" in the folder of keys.
    const auto keys = bus::keys_of(house, "operator");
    if (keys) options.keys = *keys;
    else usable_ = fail(keys.error());
    if (!options.keys.own_secret.empty()) options.name = "operator";
    client_ = std::make_unique<bus::Client>(reactor_, std::move(options));
    client_->on_link([this](bool up) { link_changed(up); });
}
Session::~Session() = default;

// Who waits for ever is told what for.
void Session::link_changed(bool up) {
    if (endless_ && linked_) fmt::print(stderr, "{} {}\n", up ? "the broker is back at" : "waiting for the broker at", endpoint_);
    linked_ = linked_ || up;
}

void Session::done(Result<void> result) {
    result_ = std::move(result);
    finished_ = true;
    reactor_.stop();
}

Result<void> Session::wait(std::chrono::milliseconds limit) {
    if (!usable_) return usable_;
    finished_ = false;
    endless_ = limit.count() == 0;
    const auto interrupt = reactor_.on_signal({SIGINT, SIGTERM}, [this](int) { done(); });
    const auto nobody = reactor_.after(link_within, [this] {
        if (client_->shut_out()) done(fail(client_->shut_out()));
        else if (!linked_) done(fail(Code::unavailable, fmt::format("no broker answers at {}", endpoint_), "start it with: parley up"));
    });
    service::Reactor::Handle deadline;
    if (limit.count() > 0) deadline = reactor_.after(limit, [this] { done(fail(Code::timeout, "no answer in time", "parley status shows what is not moving")); });
    reactor_.restart();
    reactor_.run();
    return finished_ ? result_ : Result<void>{};
}

Result<bus::Value> Session::ask(const std::string& service, const std::string& method, bus::Value request,
                                std::chrono::milliseconds deadline) {
    std::optional<bus::Value> answer;
    const auto asked = std::make_shared<bool>(true);  // shared with the reply, which may come when nobody waits any more
    client_->query(service, method, request.encode(), deadline, [&, still = std::weak_ptr<bool>(asked)](Result<std::string> reply) {
        if (still.expired()) return;
        if (!reply) return done(fail(reply.error()));
        auto value = bus::Value::decode(*reply);
        if (!value) return done(fail(value.error()));
        answer = std::move(*value);
        done();
    });
    if (auto waited = wait(deadline + std::chrono::seconds(1)); !waited) return fail(waited.error());
    if (!answer) return fail(Code::unavailable, "interrupted before there was an answer");
    return std::move(*answer);
}

}  // namespace parley::cli
