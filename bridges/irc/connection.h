// A socket to the server: TCP or TLS by kit::Stream, cut into lines. It notices a server that has gone silent, and answers
// when the server asks the same.
#pragma once

#include <functional>
#include <optional>

#include "bridges/irc/certain.h"
#include "bridges/irc/settings.h"
#include "bridges/irc/wire.h"
#include "bridges/kit/stream.h"

namespace parley::irc {

class Connection final : public Wire {
public:
    struct Events {
        std::function<void()> opened;
        std::function<void(const Line& line, std::string_view bytes)> line;
        std::function<void(service::Error)> closed;  // once, and nothing after it
    };
    // None of the events is called from inside the constructor; the Connection may be destroyed in `closed` only.
    Connection(service::Reactor& reactor, const service::Clock& clock, const Settings& settings, Events events);

    using Wire::send;
    void send(const Line& line, const SentAs& as) override;
    void send(std::string_view bytes);
    void close() override;
    void leave(const std::string& goodbye) override;
    void hold(bool held) override;
    service::Steady certain_until() const override { return certain_.until(); }

private:
    void received(std::string_view bytes);
    bool answered(const Line& line);
    void watch(std::chrono::milliseconds wait);
    void ask();
    void ask_again();
    std::chrono::milliseconds asks_every() const;
    void silent();

    service::Reactor& reactor_;
    const service::Clock& clock_;
    const Settings& settings_;
    Events events_;
    LineReader reader_;
    bool closed_ = false, asked_ = false, heard_ = false, held_ = false;
    Certain certain_;
    unsigned questions_ = 0;
    bool heard_since_ = false;             // the last PING
    service::Steady sent_{}, question_{};  // the last other line that was sent, and the last PING
    std::optional<kit::Stream> stream_;
    service::Reactor::Handle watch_, ask_;
};

}  // namespace parley::irc
