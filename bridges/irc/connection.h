// The socket of one session: TCP or TLS by kit::Stream, cut into lines. It notices a server that has gone silent.
#pragma once

#include <functional>
#include <optional>

#include "bridges/irc/codec.h"
#include "bridges/irc/settings.h"
#include "bridges/kit/stream.h"

namespace parley::irc {

class Connection {
public:
    struct Events {
        std::function<void()> opened;
        std::function<void(const Line&)> line;
        std::function<void(service::Error)> closed;  // once, and nothing after it
    };
    // None of the events is called from inside the constructor; the Connection may be destroyed in `closed` only.
    Connection(service::Reactor& reactor, const Settings& settings, Events events);

    void send(const Line& line);
    void close();  // silently
    void hold(bool held);  // reads no more, and does not mind the silence

private:
    void received(std::string_view bytes);
    void watch(std::chrono::milliseconds wait);
    void silent();

    service::Reactor& reactor_;
    const Settings& settings_;
    Events events_;
    LineReader reader_;
    bool closed_ = false, asked_ = false, heard_ = false, held_ = false;
    std::optional<kit::Stream> stream_;
    service::Reactor::Handle watch_;
};

}  // namespace parley::irc
