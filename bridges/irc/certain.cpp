#include "bridges/irc/certain.h"

#include <algorithm>

namespace parley::irc {

using std::chrono::duration_cast;
using std::chrono::microseconds;

namespace {

constexpr std::chrono::minutes answer_most{1};  // some server may answer with another word
constexpr std::chrono::milliseconds look_every{50};  // at a tag; a busy channel has thousands

microseconds since_epoch(auto time) { return duration_cast<microseconds>(time.time_since_epoch()); }

}  // namespace

void Certain::opened(service::Steady now) {
    *this = {};
    certain(now);
}

void Certain::heard(const Line& line, service::Steady now) {
    if (now - looked_ < look_every || line.tag("batch")) return;  // what is in a batch may be told of long ago
    const auto tag = line.tag("time");
    const auto time = tag ? service::parse_iso8601(*tag) : std::nullopt;
    if (!time) return;
    looked_ = now;
    const auto offset = since_epoch(*time) - since_epoch(now);
    best_ = std::max(best_.value_or(offset), offset);
    // Clocks are set, and other servers of the network have their own: but it was said after the answer to our last question.
    if (answered_ != service::Steady{}) best_ = std::min(*best_, offset + duration_cast<microseconds>(now - answered_));
    // The fastest line took its time as well: no more than there and back, as far as is known.
    const auto unanswered = question_ ? duration_cast<microseconds>(now - question_->second) : microseconds(0);
    certain(now - (*best_ - offset) - std::max(round_trip_, unanswered));
}

void Certain::asked(std::string_view word, service::Steady now) {
    if (!question_ || now - question_->second > answer_most) question_.emplace(word, now);
}

void Certain::answered(std::string_view word, service::Steady now) {
    if (!question_ || word != question_->first) return;
    certain(answered_ = question_->second);
    round_trip_ = duration_cast<microseconds>(now - answered_);
    question_.reset();
}

}  // namespace parley::irc
