// Bytes to lines and back, and the watch over silence; see connection.h.
#include "bridges/irc/connection.h"

namespace parley::irc {

namespace {

// A server without `server-time` must be asked how much of what it says is still on its way. What we ask counts for it like
// what we say, and who says too much is thrown out: so when we are quiet, and else seldom.
constexpr std::chrono::milliseconds ask_least{100}, ask_every{10'000}, ask_at_least_every{30'000};
constexpr std::string_view watch_word = "alive-", ping = "PING ", end_of_names = "366";

}  // namespace

Connection::Connection(service::Reactor& reactor, const service::Clock& clock, const Settings& settings, Events events)
    : reactor_(reactor), clock_(clock), settings_(settings), events_(std::move(events)) {
    kit::StreamOptions options;
    options.host = settings.server;
    options.port = settings.port;
    options.tls = settings.tls;
    options.tls_name = settings.tls_name;
    options.ca_file = settings.ca_file;
    options.insecure = settings.insecure_tls;
    options.certificate_file = settings.certificate;
    options.key_file = settings.key;
    stream_.emplace(reactor, options,
                    kit::StreamEvents{[this] {
                                          certain_.opened(clock_.steady());
                                          watch(settings_.ping_after);
                                          ask_ = reactor_.every(asks_every(), [this] { ask_again(); });
                                          events_.opened();
                                      },
                                      [this](std::string_view bytes) { received(bytes); },
                                      [this](service::Error why) {
                                          closed_ = true;
                                          watch_.cancel();
                                          ask_.cancel();
                                          events_.closed(std::move(why));
                                      }});
}

void Connection::send(const Line& line, const SentAs&) { send(format(line)); }

void Connection::send(std::string_view bytes) {
    const auto now = clock_.steady();
    if (bytes.starts_with(ping)) {
        const auto word = bytes.substr(ping.size());
        certain_.asked(word.starts_with(':') ? word.substr(1) : word, now);
        question_ = now;
        heard_since_ = false;
    } else {
        sent_ = now;
    }
    if (!closed_) stream_->send(std::string(bytes) + "\r\n");
}

void Connection::leave(const std::string& goodbye) {
    send({{}, {}, "QUIT", {goodbye}});
    close();
}

void Connection::close() {
    closed_ = true;
    watch_.cancel();
    ask_.cancel();
    stream_->close();
}

void Connection::hold(bool held) {
    held_ = held;
    if (!closed_) stream_->hold(held);
}

void Connection::received(std::string_view bytes) {
    heard_ = true;
    const auto now = clock_.steady();
    reader_.feed(bytes, [this, now](std::string_view one) {
        if (const auto line = parse(one); line && !answered(*line)) {
            heard_since_ = true;
            certain_.heard(*line, now);
            if (line->command == end_of_names) ask();  // we are in a room
            events_.line(*line, one);
        }
        return !closed_;
    });
}

// What only shows that both sides are there is nobody else's business.
bool Connection::answered(const Line& line) {
    if (line.command == "PONG") certain_.answered(line.last(), clock_.steady());
    if (line.command == "PING") send({{}, {}, "PONG", {std::string(line.last())}});
    return line.command == "PING" || (line.command == "PONG" && line.last().starts_with(watch_word));
}

// Each time by another word: the answer to an earlier question says less.
void Connection::ask() { send({{}, {}, "PING", {std::string(watch_word) + std::to_string(++questions_)}}); }

std::chrono::milliseconds Connection::asks_every() const { return std::clamp(settings_.ping_after, ask_least, ask_every); }

void Connection::ask_again() {
    const auto now = clock_.steady();
    const auto every = asks_every();
    if (!heard_since_ || certain_.asking() || now - certain_.until() < every) return;
    if (now - sent_ >= every || now - question_ >= ask_at_least_every) ask();
}

// Looks once in a while whether something came, so that busy lines cost nothing.
void Connection::watch(std::chrono::milliseconds wait) {
    watch_ = reactor_.after(wait, [this] {
        if (std::exchange(heard_, false) || held_) {
            asked_ = false;
            watch(settings_.ping_after);
        } else if (!asked_) {
            asked_ = true;
            ask();
            watch(settings_.ping_timeout);
        } else {
            silent();
        }
    });
}

void Connection::silent() {
    close();
    events_.closed({service::Code::timeout, "the server is silent, also when asked", "the link is made again"});
}

}  // namespace parley::irc
