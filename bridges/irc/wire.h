// The way to the server for one session: a socket of our own (connection.h), or the one that a keeper holds (kept.h).
#pragma once

#include <map>
#include <string>

#include "bridges/irc/codec.h"
#include "broker/service/clock.h"
#include "broker/service/error.h"

namespace parley::irc {

// Which line of which delivery it is, so that a later process can find out what was sent; of 0: of none.
struct SentAs {
    std::string delivery;
    std::uint64_t lines = 0, of = 0;  // this one included; all of them
};

// What is known of the deliveries that were sent and not settled, over the death of a bridge.
struct SentLines {
    struct Progress {
        std::uint64_t lines = 0, of = 0;
        bool now = false;  // on the connection that is there; else on an earlier one
    };
    std::string keeper;  // who knows it; empty: nobody
    std::map<std::string, Progress> of;
    std::uint64_t guests = 0;  // bridges that it had, with us
};

class Wire {
public:
    virtual ~Wire() = default;
    virtual void send(const Line& line, const SentAs& as) = 0;
    void send(const Line& line) { send(line, {}); }
    virtual void close() = 0;  // ends the connection to the server; no event comes any more
    virtual void leave(const std::string& goodbye) = 0;  // we go: a connection that is kept stays, another one ends
    virtual void hold(bool held) = 0;  // reads no more, and does not mind the silence
    // All that the server had said by then was told; of a keeper's connection it tells itself (Alive).
    virtual service::Steady certain_until() const { return {}; }
    virtual bool up() const { return true; }  // it has not ended: what is sent now may reach the server
    virtual const SentLines& sent() const;
    // Of this delivery only so many lines count as sent; with 0 it is not asked for again.
    virtual void correct(const SentAs&) {}
};

inline const SentLines& Wire::sent() const {
    static const SentLines nothing;
    return nothing;
}

}  // namespace parley::irc
