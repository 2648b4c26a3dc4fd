// See log.h.
#include "bridges/irc/keeper/log.h"

#include <algorithm>
#include <stdexcept>

#include "broker/service/log.h"
#include "broker/service/overloaded.h"

namespace parley::irc::keeper {

using service::Code;
using service::Error;
using service::Overloaded;
using service::Result;
using service::Time;

Log::Log(const std::filesystem::path& file) : file_(file) { recover(); }

void Log::recover() {
    Time latest{};
    bool good = true, ended = false;
    const auto add = [&](std::uint64_t number, const kit::Records::Place& place, std::uint64_t time_us, bool end) {
        if (entries_.empty()) taken_ = number - 1;
        good = good && !ended && number > 0 && (entries_.empty() || number == next_);
        entries_.push_back({number, place, end});
        bytes_ += place.bytes;
        next_ = number + 1;
        latest = time_of(time_us);
        ended = end;
    };
    for (const auto& [place, bytes] : file_.recover()) {
        const auto frame = decode(bytes);
        if (!frame) return clear();
        std::visit(Overloaded{[&](const Opened& it) { born_ = latest = time_of(it.born); },
                              [&, &at = place](const Known&) { facts_.push_back(at); },
                              [&, &at = place](const Heard& it) { add(it.number, at, it.time_us, false); },
                              [&, &at = place](const Closed& it) { add(it.number, at, it.time_us, true); },
                              [&](const Taken& it) { advance(std::min(it.line, last())); }, [&](const auto&) { good = false; }},
                   *frame);
    }
    if (!good || !there() || !known() || taken_ == last()) return clear();
    if (!ended && !closed({Code::unavailable, "the keeper was ended, and the connection with it", {}}, latest)) clear();
}

void Log::clear() {
    file_.clear();
    born_.reset();
    facts_.clear();
    entries_.clear();
    next_ = 1, taken_ = 0, bytes_ = 0, taken_bytes_ = 0;
}

Result<void> Log::begin(Time born) {
    clear();
    const auto place = file_.append(encode(Opened{micros(born)}));
    if (!place) return service::fail(place.error());
    born_ = born;
    return {};
}

Result<void> Log::add(const Frame& frame, bool end) {
    const auto place = file_.append(encode(frame));
    if (!place) return service::fail(place.error());
    entries_.push_back({next_++, *place, end});
    bytes_ += place->bytes;
    return {};
}

Result<void> Log::heard(const std::string& line, Time when) { return add(Heard{next_, micros(when), line}, false); }

Result<void> Log::closed(const Error& why, Time when) {
    return add(Closed{next_, micros(when), static_cast<std::uint64_t>(why.code), why.what, why.hint}, true);
}

// True if the end is among them.
bool Log::advance(std::uint64_t number) {
    bool end = false;
    while (taken_ < number && !entries_.empty()) {
        const auto& entry = entries_[static_cast<std::size_t>(++taken_ - entries_.front().number)];
        taken_bytes_ += entry.place.bytes;
        end = entry.end;
    }
    return end;
}

bool Log::taken(std::uint64_t number) {
    if (number > last()) return false;
    if (number <= taken_) return true;
    if (advance(number))
        clear();
    else
        (void)file_.append(encode(Taken{number}));  // without it they are offered again, which does no harm
    return true;
}

bool Log::state(std::uint64_t number, const std::vector<std::string>& facts) {
    if (!there()) return true;  // it ended meanwhile
    if (number > taken_ || facts.empty()) return false;
    std::vector<std::string> fresh{encode(Opened{micros(*born_)})};
    for (const auto& fact : facts) fresh.push_back(encode(Known{fact}));
    std::vector<kit::Records::Place> kept;
    for (const auto& entry : entries_)
        if (entry.number > number) kept.push_back(entry.place);
    const auto places = file_.rewrite(fresh, kept);
    if (!places) {
        service::log::warning("cannot write the state of the connection", {{"why", places.error().text()}});
        return true;  // the former one and what followed it say the same
    }
    while (!entries_.empty() && entries_.front().number <= number) entries_.pop_front();
    facts_.assign(places->begin() + 1, places->begin() + static_cast<std::ptrdiff_t>(fresh.size()));
    auto place = places->begin() + static_cast<std::ptrdiff_t>(fresh.size());
    bytes_ = taken_bytes_ = 0;
    for (auto& entry : entries_) {
        entry.place = *place++;
        bytes_ += entry.place.bytes;
        if (entry.number <= taken_) taken_bytes_ += entry.place.bytes;
    }
    if (taken_ > number) (void)file_.append(encode(Taken{taken_}));
    return true;
}

// What was written and cannot be read ends the process: what it held is then marked as missing.
Frame Log::read(const kit::Records::Place& place) const {
    const auto bytes = file_.read(place);
    if (!bytes) throw std::runtime_error(bytes.error().text());
    auto frame = decode(*bytes);
    if (!frame) throw std::runtime_error(frame.error().text());
    return std::move(*frame);
}

void Log::tell_known(const std::function<void(std::string)>& tell) const {
    for (const auto& place : facts_) {
        const auto frame = read(place);
        if (const auto* fact = std::get_if<Known>(&frame)) tell(fact->line);
    }
    for (const auto& entry : entries_) {
        if (entry.number > taken_) break;
        const auto frame = read(entry.place);
        if (const auto* heard = std::get_if<Heard>(&frame)) tell(heard->line);
    }
}

std::optional<Log::Next> Log::next(std::uint64_t after) const {
    if (entries_.empty() || after >= last() || after + 1 < entries_.front().number) return std::nullopt;
    const auto& entry = entries_[static_cast<std::size_t>(after + 1 - entries_.front().number)];
    auto frame = read(entry.place);
    const auto* heard = std::get_if<Heard>(&frame);
    const auto time = time_of(heard != nullptr ? heard->time_us : std::get<Closed>(frame).time_us);
    return Next{entry.number, time, std::move(frame)};
}

}  // namespace parley::irc::keeper
