// A token bucket: so many at once, then so many a second. Pure: it only looks at the clock it was given.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "broker/service/clock.h"

namespace parley::kit {

class RateLimit {
public:
    // Starts full.
    RateLimit(const service::Clock& clock, double per_second, double burst)
        : clock_(clock), per_second_(per_second), burst_(burst), tokens_(burst), filled_(clock.steady()) {}

    // True if it may happen now; then it is counted.
    bool take(double cost = 1) {
        fill();
        if (tokens_ + slack < std::min(cost, burst_)) return false;
        tokens_ -= cost;  // may fall below zero for a cost above the burst: the next ones wait longer
        return true;
    }
    // How long until take(cost) will be true; zero if it is now.
    std::chrono::microseconds wait(double cost = 1) {
        fill();
        const double missing = std::min(cost, burst_) - tokens_;
        if (missing <= slack) return std::chrono::microseconds(0);
        return std::chrono::microseconds(static_cast<std::int64_t>(std::ceil(missing / per_second_ * 1e6)));
    }
    // The other side said to wait: nothing passes before `pause` is over.
    void pause(std::chrono::microseconds pause) {
        fill();
        tokens_ = std::min(tokens_, 1 - std::chrono::duration<double>(pause).count() * per_second_);
    }

private:
    static constexpr double slack = 1e-9;  // sums of fractions of a second are not exact

    void fill() {
        const auto now = clock_.steady();
        tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - filled_).count() * per_second_);
        filled_ = now;
    }

    const service::Clock& clock_;
    double per_second_, burst_, tokens_;
    service::Steady filled_;
};

}  // namespace parley::kit
