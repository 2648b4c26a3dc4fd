// Up to when all that the server said has reached us. What it said since may be on its way, for as long as a slow network
// holds it, and goes with the connection: a line that comes now shows only that there was no silence.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "bridges/irc/codec.h"
#include "broker/service/clock.h"

namespace parley::irc {

// Two things tell: a PONG, that all before its PING was answered is here; and the `time` tag of a line, against that of the
// fastest line of this connection. Neither needs a server's clock to be right.
class Certain {
public:
    void opened(service::Steady now);
    void heard(const Line& line, service::Steady now);
    void asked(std::string_view word, service::Steady now);     // by a PING with this word; one that waits already is enough
    void answered(std::string_view word, service::Steady now);  // by a PONG
    service::Steady until() const { return until_; }
    bool asking() const { return question_.has_value(); }

private:
    void certain(service::Steady until) { until_ = std::max(until_, until); }

    service::Steady until_{}, looked_{};
    std::optional<std::pair<std::string, service::Steady>> question_;  // not answered yet: its word, and when it was put
    service::Steady answered_{};                                       // when the one was put that was answered last
    std::optional<std::chrono::microseconds> best_;  // the greatest offset of the server's time to our steady one
    std::chrono::microseconds round_trip_{0};        // of that question
};

}  // namespace parley::irc
