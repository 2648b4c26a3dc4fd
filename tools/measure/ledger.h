// Every message of a run: said, heard, lost, doubled, out of order. Pure but for the clock that the caller reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/figures.h"

namespace parley::measure {

struct Outcome {
    std::size_t said = 0, heard = 0, doubled = 0, disordered = 0;
    double seconds = 0;                // from the first word to the last one heard
    std::vector<double> microseconds;  // of each message, from one person's socket to the other's
    std::size_t lost() const { return said - heard; }
    bool good() const { return said > 0 && lost() == 0 && doubled == 0 && disordered == 0; }
    std::string text() const;
};

class Ledger {
public:
    explicit Ledger(std::size_t speakers) : speakers_(speakers) {}

    void begin(Steady::time_point now);  // the next run: what still comes of an earlier one is a double
    // What this speaker says next. The words hold where they belong, whatever a bridge writes before or behind them.
    std::string say(std::size_t speaker, Steady::time_point now);
    void hear(std::string_view text, Steady::time_point now);  // of words that are not ours nothing is held
    std::size_t waiting(std::size_t speaker) const { return speakers_[speaker].waiting; }
    const Outcome& outcome() const { return outcome_; }

private:
    struct Sent {
        Steady::time_point at;
        bool heard = false;
    };
    struct Speaker {
        std::vector<Sent> sent;
        std::size_t next = 0, waiting = 0;  // the number that has to come next; said and not heard
    };
    unsigned run_ = 0;
    Steady::time_point begin_{};
    std::vector<Speaker> speakers_;
    Outcome outcome_;
};

}  // namespace parley::measure
