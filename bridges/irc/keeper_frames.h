// What the bridge and its keeper say to each other; README.md has the order of it. Pure; fuzzed. A frame is packed
// strings (kit/pack.h): its name, then its fields, numbers in decimal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "broker/service/clock.h"
#include "broker/service/result.h"

namespace parley::irc::keeper {

// Raised with every change that the other side would not understand. Hello, Welcome and Refused only ever grow at
// their end, so that any two versions can tell each other that they differ.
constexpr std::uint64_t protocol_version = 2;

// -- from the bridge -------------------------------------------------------------------------------------------------

struct Hello {
    static constexpr std::string_view name = "hello";
    std::uint64_t version = protocol_version;
    template <class F>
    void each(F&& f) { f(version); }
};
// To the server. Refers to no settings: those of the bridge count, and may have changed since the keeper began.
struct Connect {
    static constexpr std::string_view name = "connect";
    std::string settings;  // which; see Welcome
    std::string server, tls_name, ca_file, certificate, key;
    std::uint64_t port = 0, tls = 0, insecure_tls = 0;
    std::uint64_t ping_after_ms = 0, ping_timeout_ms = 0;
    std::uint64_t bytes_max = 0, age_max_ms = 0;  // of what no bridge has taken
    template <class F>
    void each(F&& f) {
        f(settings), f(server), f(tls_name), f(ca_file), f(certificate), f(key), f(port), f(tls), f(insecure_tls);
        f(ping_after_ms), f(ping_timeout_ms), f(bytes_max), f(age_max_ms);
    }
};
// A line for the server. With it `lines` of the `of` lines of this delivery are on their way; an empty delivery: none's.
struct Say {
    static constexpr std::string_view name = "say";
    std::string delivery;
    std::uint64_t lines = 0, of = 0;
    std::string line;
    template <class F>
    void each(F&& f) { f(delivery), f(lines), f(of), f(line); }
};
// All lines up to this one are safe with the bridge.
struct Taken {
    static constexpr std::string_view name = "taken";
    std::uint64_t line = 0;
    template <class F>
    void each(F&& f) { f(line); }
};
// What a new bridge must know of this connection, as of a line that is taken: lines that tell it, each a Fact, and Stated.
struct State {
    static constexpr std::string_view name = "state";
    std::uint64_t line = 0;
    template <class F>
    void each(F&& f) { f(line); }
};
struct Fact {
    static constexpr std::string_view name = "fact";
    std::string line;
    template <class F>
    void each(F&& f) { f(line); }
};
struct Stated {
    static constexpr std::string_view name = "stated";
    template <class F>
    void each(F&&) {}
};
struct HangUp {
    static constexpr std::string_view name = "hang-up";
    std::string goodbye;  // a last line; empty: none
    template <class F>
    void each(F&& f) { f(goodbye); }
};

// -- both ways -------------------------------------------------------------------------------------------------------

// How many of a delivery's lines are with the server's connection. From the bridge: from now on; none of 0 is forgotten.
struct Sent {
    static constexpr std::string_view name = "sent";
    std::string delivery;
    std::uint64_t lines = 0, of = 0;
    std::uint64_t now = 1;  // they went to the connection that is there now, not to an earlier one
    template <class F>
    void each(F&& f) { f(delivery), f(lines), f(of), f(now); }
};

// -- from the keeper -------------------------------------------------------------------------------------------------

struct Welcome {
    static constexpr std::string_view name = "welcome";
    std::uint64_t version = protocol_version;
    std::string keeper;        // this process, and no other ever
    std::uint64_t guests = 0;  // bridges that were let in, this one with them
    std::uint64_t there = 0;   // there is a connection to go on with, or the untaken lines of one
    std::uint64_t up = 0;      // it is still up
    std::uint64_t born = 0;    // its name: microseconds since 1970
    std::string settings;      // what Connect said
    template <class F>
    void each(F&& f) { f(version), f(keeper), f(guests), f(there), f(up), f(born), f(settings); }
};
struct Refused {
    static constexpr std::string_view name = "refused";
    std::uint64_t version = protocol_version, process = 0;
    std::string why;
    template <class F>
    void each(F&& f) { f(version), f(process), f(why); }
};
// After Welcome: facts and taken lines, to know and not to tell; then Resumed.
struct Known {
    static constexpr std::string_view name = "known";
    std::string line;
    template <class F>
    void each(F&& f) { f(line); }
};
struct Resumed {
    static constexpr std::string_view name = "resumed";
    template <class F>
    void each(F&&) {}
};
struct Opened {
    static constexpr std::string_view name = "opened";
    std::uint64_t born = 0;
    template <class F>
    void each(F&& f) { f(born); }
};
struct Heard {
    static constexpr std::string_view name = "heard";
    std::uint64_t number = 0, time_us = 0;
    std::string line;
    template <class F>
    void each(F&& f) { f(number), f(time_us), f(line); }
};
// The connection has ended; nothing more comes of it. To be taken like a line. All that the server had said by then was heard.
struct Closed {
    static constexpr std::string_view name = "closed";
    std::uint64_t number = 0, time_us = 0, code = 0;
    std::string what, hint;
    template <class F>
    void each(F&& f) { f(number), f(time_us), f(code), f(what), f(hint); }
};
// Once a second, behind everything that was heard until then; of what the server had said until `certain_us`, that is all.
struct Alive {
    static constexpr std::string_view name = "alive";
    std::uint64_t time_us = 0, certain_us = 0;
    template <class F>
    void each(F&& f) { f(time_us), f(certain_us); }
};

using Frame = std::variant<Hello, Connect, Say, Taken, State, Fact, Stated, HangUp, Sent, Welcome, Refused, Known, Resumed,
                           Opened, Heard, Closed, Alive>;

std::string encode(const Frame& frame);
service::Result<Frame> decode(std::string_view bytes);  // Code::invalid

inline std::uint64_t micros(service::Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
inline service::Time time_of(std::uint64_t micros) {
    return service::Time(std::chrono::microseconds(static_cast<std::int64_t>(micros)));
}

}  // namespace parley::irc::keeper
