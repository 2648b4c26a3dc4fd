// How long to wait before trying again: longer each time, up to a limit, and never at the same moment as everyone else.
#pragma once

#include <algorithm>
#include <chrono>

#include "broker/service/random.h"

namespace parley::service {

struct BackoffLimits {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds most{5 * 60 * 1000};
    double factor = 2;
};

class Backoff {
public:
    explicit Backoff(Random& random, BackoffLimits limits = {}) : random_(random), limits_(limits) {}

    // Between half of the step and the whole step; the steps are first, first * factor, … most.
    std::chrono::milliseconds next() {
        const auto whole = static_cast<double>(limits_.most.count());
        step_ = attempts_++ == 0 ? static_cast<double>(limits_.first.count()) : std::min(whole, step_ * limits_.factor);
        return std::chrono::milliseconds(static_cast<std::int64_t>(step_ * (0.5 + 0.5 * random_.fraction())));
    }
    // The same for what was tried, went well for a while and ended: after a minute it counts as good, and the next wait
    // is short again.
    std::chrono::milliseconds after_a_life_of(std::chrono::steady_clock::duration lived) {
        if (lived > std::chrono::minutes(1)) reset();
        return next();
    }
    void reset() { attempts_ = 0; }
    unsigned attempts() const { return attempts_; }  // next() was called that often since reset()

private:
    Random& random_;
    BackoffLimits limits_;
    double step_ = 0;
    unsigned attempts_ = 0;
};

}  // namespace parley::service
