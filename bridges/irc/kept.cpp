// The bridge's side of the keeper; see kept.h.
#include "bridges/irc/kept.h"

#include <filesystem>

#include "broker/service/log.h"
#include "broker/service/overloaded.h"

namespace parley::irc {

using service::Code;
using service::Error;
using service::Overloaded;
using service::Time;

namespace {

constexpr auto at_once = std::chrono::microseconds(0);
constexpr std::chrono::seconds silent_most{30};  // the keeper speaks once a second
// Beyond so much the state is told anew: a bridge that comes later has less to go through.
constexpr std::uint64_t lines_of_a_state = 2000;
constexpr std::size_t bytes_of_a_state = 256 << 10;

std::string absolute(const std::string& path) { return path.empty() ? path : std::filesystem::absolute(path).string(); }

keeper::Connect connect_with(const Settings& settings) {
    keeper::Connect out;
    out.settings = settings.connection_name();
    out.server = settings.server;
    out.tls_name = settings.tls_name;
    out.ca_file = absolute(settings.ca_file);
    out.certificate = absolute(settings.certificate);
    out.key = absolute(settings.key);
    out.port = settings.port;
    out.tls = settings.tls ? 1 : 0;
    out.insecure_tls = settings.insecure_tls ? 1 : 0;
    out.ping_after_ms = static_cast<std::uint64_t>(settings.ping_after.count());
    out.ping_timeout_ms = static_cast<std::uint64_t>(settings.ping_timeout.count());
    out.bytes_max = settings.keeper_bytes;
    out.age_max_ms = static_cast<std::uint64_t>(settings.keeper_age.count());
    return out;
}

Error other_version(const keeper::Refused& refused) {
    return {Code::unsupported,
            "this bridge speaks version " + std::to_string(keeper::protocol_version) + " with its keeper, which speaks version " +
                std::to_string(refused.version) + (refused.why.empty() ? "" : ": " + refused.why),
            "end the keeper (process " + std::to_string(refused.process) +
                "); `parley up` starts the new one, and the short absence is marked in the rooms"};
}

}  // namespace

Kept::Kept(service::Reactor& reactor, const std::filesystem::path& socket, const Settings& settings, Events events)
    : reactor_(reactor), settings_(settings), events_(std::move(events)) {
    const auto connected = kit::Channel::connect(socket);
    if (!connected) {
        fail_soon_ = reactor_.after(at_once, [this, why = connected.error()] {
            end({why.code, "the keeper of this account does not run: " + why.what,
                 why.hint.empty() ? "`parley up` starts it; or run the bridge without --kept" : why.hint});
        });
        return;
    }
    channel_.emplace(reactor_, *connected,
                     kit::Channel::Events{[this](std::string_view bytes) {
                                              heard_ = true;
                                              auto frame = keeper::decode(bytes);
                                              if (frame && !lost_) frames_.push_back(std::move(*frame));
                                              if (!frame && !lost_) lost_ = frame.error();
                                              if (!take_soon_ && !held_) take_soon_ = reactor_.after(at_once, [this] { take(); });
                                          },
                                          [this](Error why) {
                                              if (!lost_) lost_ = {why.code, "the keeper is gone: " + why.what, "a new one is waited for"};
                                              if (!take_soon_) take_soon_ = reactor_.after(at_once, [this] { take(); });
                                          }});
    say(keeper::Hello{});
    watch();
}

void Kept::watch() {
    watch_ = reactor_.after(silent_most, [this] {
        if (!std::exchange(heard_, false) && !held_)
            return end({Code::timeout, "the keeper of this account says nothing", "it may be stopped or overloaded"});
        watch();
    });
}

void Kept::send(const Line& line, const SentAs& as) {
    if (closed_ || !up_) return;
    if (as.of > 0) sent_.of[as.delivery] = {as.lines, as.of, true};
    say(keeper::Say{as.delivery, as.lines, as.of, format(line)});
}

void Kept::correct(const SentAs& as) {
    if (as.lines == 0)
        sent_.of.erase(as.delivery);
    else
        sent_.of[as.delivery] = {as.lines, as.of, true};
    if (!closed_ && channel_) say(keeper::Sent{as.delivery, as.lines, as.of, 1});
}

void Kept::close() {
    if (closed_) return;
    if (channel_) acknowledge();
    if (channel_ && up_) say(keeper::HangUp{});
    closed_ = true;
    watch_.cancel();
    take_soon_.cancel();
    settle_soon_.cancel();
    fail_soon_.cancel();
    channel_.reset();
}

// Nothing is ended: the next bridge goes on.
void Kept::leave(const std::string&) {
    up_ = false;
    close();
}

void Kept::hold(bool held) {
    held_ = held;
    if (closed_ || !channel_) return;
    channel_->hold(held);
    if (!held && !take_soon_) take_soon_ = reactor_.after(at_once, [this] { take(); });
}

// Frames are handled in turns of their own, so that what one of them sets off can be answered before the next.
void Kept::take() {
    take_soon_ = {};
    while (!frames_.empty() && !held_) {
        const auto frame = std::move(frames_.front());
        frames_.pop_front();
        const bool go_on = take_one(frame);
        if (closed_) return;
        if (go_on) continue;
        take_soon_ = reactor_.after(at_once, [this] { take(); });
        break;
    }
    if (!settle_soon_) settle_soon_ = reactor_.after(at_once, [this] { settle(); });
    if (frames_.empty() && lost_) end(lost_);
}

// True: the next may follow in the same turn.
bool Kept::take_one(const keeper::Frame& frame) {
    return std::visit(Overloaded{[&](const keeper::Welcome& it) { return welcome(it); },
                                 [&](const keeper::Refused& it) { return end(other_version(it)), false; },
                                 [&](const keeper::Sent& it) {
                                     sent_.of[it.delivery] = {it.lines, it.of, it.now != 0};
                                     return true;
                                 },
                                 [&](const keeper::Known& it) {
                                     if (auto line = parse(it.line)) known_.push_back(std::move(*line));
                                     return true;
                                 },
                                 [&](const keeper::Resumed&) {
                                     events_.resumed(born_, std::exchange(known_, {}));
                                     return false;
                                 },
                                 [&](const keeper::Opened& it) {
                                     up_ = true;
                                     events_.opened(born_ = keeper::time_of(it.born));
                                     return true;
                                 },
                                 [&](const keeper::Heard& it) { return heard(it); },
                                 [&](const keeper::Closed& it) { return closed(it); },
                                 [&](const keeper::Alive& it) {
                                     events_.heard_until(keeper::time_of(it.time_us), keeper::time_of(it.certain_us));
                                     return true;
                                 },
                                 [&](const auto&) { return true; }},
                      frame);
}

bool Kept::heard(const keeper::Heard& heard) {
    told_ = heard.number;
    unstated_bytes_ += heard.line.size();
    const auto line = parse(heard.line);
    return !line || !events_.line(*line, heard.number, keeper::time_of(heard.time_us));
}

bool Kept::closed(const keeper::Closed& closed) {
    told_ = closed.number;
    up_ = false;
    settle();
    const bool known = closed.code > 0 && closed.code <= static_cast<std::uint64_t>(Code::settings);
    end({known ? static_cast<Code>(closed.code) : Code::unavailable, closed.what, closed.hint},
        keeper::time_of(closed.time_us));
    return false;
}

bool Kept::welcome(const keeper::Welcome& welcome) {
    if (welcome.version != keeper::protocol_version) return end(other_version({welcome.version, 0, {}})), false;
    if (std::exchange(welcomed_, true)) return true;
    sent_.keeper = welcome.keeper;
    sent_.guests = welcome.guests;
    born_ = keeper::time_of(welcome.born);
    up_ = welcome.there != 0 && welcome.up != 0;
    if (welcome.there == 0) {
        say(connect_with(settings_));
    } else if (welcome.settings != settings_.connection_name()) {
        service::log::info("the settings of the connection have changed: it is made again");
        if (std::exchange(up_, false)) say(keeper::HangUp{"QUIT :Parley is going"});
    }
    return true;
}

// Not in the turn in which the lines came: what was answered by them is on disk first.
void Kept::settle() {
    settle_soon_ = {};
    if (closed_ || !channel_ || !acknowledge()) return;
    if (taken_ - stated_ >= lines_of_a_state || unstated_bytes_ >= bytes_of_a_state || stated_ == 0) tell_state();
}

bool Kept::acknowledge() {
    if (told_ == taken_ || !events_.safe()) return false;
    taken_ = told_;
    say(keeper::Taken{taken_});
    return true;
}

void Kept::tell_state() {
    const auto lines = events_.state();
    if (!lines) return;
    stated_ = taken_;
    unstated_bytes_ = 0;
    say(keeper::State{stated_});
    for (const auto& line : *lines) say(keeper::Fact{line});
    say(keeper::Stated{});
}

void Kept::end(Error why, std::optional<Time> when) {
    if (closed_) return;
    closed_ = true;
    watch_.cancel();
    take_soon_.cancel();
    settle_soon_.cancel();
    channel_.reset();
    const auto closed = events_.closed;
    closed(std::move(why), when);
}

}  // namespace parley::irc
