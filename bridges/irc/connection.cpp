// Bytes to lines and back, and the watch over silence; see connection.h.
#include "bridges/irc/connection.h"

namespace parley::irc {

namespace {

constexpr std::string_view watch_word = "alive";

}  // namespace

Connection::Connection(service::Reactor& reactor, const Settings& settings, Events events)
    : reactor_(reactor), settings_(settings), events_(std::move(events)) {
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
                                          watch(settings_.ping_after);
                                          events_.opened();
                                      },
                                      [this](std::string_view bytes) { received(bytes); },
                                      [this](service::Error why) {
                                          closed_ = true;
                                          watch_.cancel();
                                          events_.closed(std::move(why));
                                      }});
}

void Connection::send(const Line& line, const SentAs&) { send(format(line)); }

void Connection::send(std::string_view bytes) {
    if (!closed_) stream_->send(std::string(bytes) + "\r\n");
}

void Connection::leave(const std::string& goodbye) {
    send({{}, {}, "QUIT", {goodbye}});
    close();
}

void Connection::close() {
    closed_ = true;
    watch_.cancel();
    stream_->close();
}

void Connection::hold(bool held) {
    held_ = held;
    if (!closed_) stream_->hold(held);
}

void Connection::received(std::string_view bytes) {
    heard_ = true;
    reader_.feed(bytes, [this](std::string_view one) {
        if (const auto line = parse(one); line && !answered(*line)) events_.line(*line, one);
        return !closed_;
    });
}

// What only shows that both sides are there is nobody else's business.
bool Connection::answered(const Line& line) {
    if (line.command == "PING") send({{}, {}, "PONG", {std::string(line.last())}});
    return line.command == "PING" || (line.command == "PONG" && line.last() == watch_word);
}

// Looks once in a while whether something came, so that busy lines cost nothing.
void Connection::watch(std::chrono::milliseconds wait) {
    watch_ = reactor_.after(wait, [this] {
        if (std::exchange(heard_, false) || held_) {
            asked_ = false;
            watch(settings_.ping_after);
        } else if (!asked_) {
            asked_ = true;
            send({{}, {}, "PING", {std::string(watch_word)}});
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
