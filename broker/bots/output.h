// What of a run's output is kept, and what of it the room sees. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/bus/event.h"

namespace parley::bots {

class Output {
public:
    Output(std::uint64_t bytes_max, std::uint32_t room_lines_max) : bytes_max_(bytes_max), room_lines_max_(room_lines_max) {}

    // Takes bytes as they come; whole lines (and the rest at the end) come out of take().
    void add(bus::RunOutput::Stream stream, std::string_view bytes);
    // What is ready to be published, if anything. With `all` the unfinished last lines, too.
    std::optional<bus::RunOutput> take(bool all);
    // Words of ours about the run, among its output.
    bus::RunOutput note(bus::Text shown);
    bool much() const { return out_.size() + err_.size() > 16384; }

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t lines() const { return lines_; }
    std::uint64_t hidden_lines() const { return lines_ - shown_lines_; }
    bool truncated() const { return kept_ < bytes_; }

private:
    std::optional<bus::RunOutput> take_from(std::string& buffer, bus::RunOutput::Stream stream, bool all);

    std::uint64_t bytes_max_;
    std::uint32_t room_lines_max_;
    std::string out_, err_;
    std::uint64_t bytes_ = 0, kept_ = 0, lines_ = 0, shown_lines_ = 0, ordinal_ = 0;
};

}  // namespace parley::bots
