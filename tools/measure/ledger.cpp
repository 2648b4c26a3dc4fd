// A message carries "{run.speaker.number}".
#include "tools/measure/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace parley::measure {
namespace {

constexpr std::string_view words = " the quick brown fox has restarted nginx on web-03, and looks at the log";

struct Mark {
    unsigned run = 0;
    std::size_t speaker = 0, number = 0;
};

std::optional<Mark> mark_in(std::string_view text) {
    const auto open = text.find('{'), end = text.find('}', open);
    if (open == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    const auto* at = text.data() + open + 1;
    const auto* last = text.data() + end;
    const auto take = [&](auto& value) {
        const auto read = std::from_chars(at, last, value);
        at = std::min(last, read.ptr + 1);
        return read.ec == std::errc();
    };
    Mark mark;
    if (!take(mark.run) || !take(mark.speaker) || !take(mark.number)) return std::nullopt;
    return mark;
}

}  // namespace

std::string Outcome::text() const {
    return fmt::format("{} said, {} heard, {} lost, {} doubled, {} out of order", said, heard, lost(), doubled, disordered);
}

void Ledger::begin(Steady::time_point now) {
    ++run_;
    begin_ = now;
    outcome_ = {};
    for (auto& speaker : speakers_) speaker = {};
}

std::string Ledger::say(std::size_t speaker, Steady::time_point now) {
    auto& who = speakers_[speaker];
    who.sent.push_back({now});
    ++who.waiting;
    ++outcome_.said;
    return fmt::format("{{{}.{}.{}}}{}", run_, speaker, who.sent.size() - 1, words);
}

void Ledger::hear(std::string_view text, Steady::time_point now) {
    const auto mark = mark_in(text);
    if (!mark) return;
    const bool ours = mark->run == run_ && mark->speaker < speakers_.size() && mark->number < speakers_[mark->speaker].sent.size();
    if (!ours || speakers_[mark->speaker].sent[mark->number].heard) {
        ++outcome_.doubled;
        return;
    }
    auto& who = speakers_[mark->speaker];
    auto& sent = who.sent[mark->number];
    if (mark->number != who.next) ++outcome_.disordered;
    who.next = mark->number + 1;
    sent.heard = true;
    --who.waiting;
    ++outcome_.heard;
    outcome_.microseconds.push_back(microseconds(now - sent.at));
    outcome_.seconds = seconds(now - begin_);
}

}  // namespace parley::measure
