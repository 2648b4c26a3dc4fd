// Pages of history, and what waits behind them; see history.h.
#include "bridges/irc/history.h"

#include <algorithm>

namespace parley::irc {

using service::Time;

namespace {

constexpr std::size_t page_max = 100;      // lines asked for at once
constexpr std::size_t waiting_max = 2000;  // live events that wait in one room
constexpr std::size_t batches_max = 64;
constexpr std::size_t own_max = 1000;  // lines of ours remembered for one room; what is beyond stays in doubt
constexpr std::chrono::seconds answer_within{30};  // a page
constexpr auto too_short = "the server's history does not go back that far; some of it may be missing";

// Servers want exactly three digits of a second.
std::string timestamp(Time time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(time - second).count();
    auto whole = service::iso8601(second);
    whole.pop_back();
    const auto digits = std::to_string(1000 + millis).substr(1);
    return "timestamp=" + whole + "." + digits + "Z";
}

}  // namespace

std::size_t History::page() const {
    return isupport_.history_limit == 0 ? page_max : std::min(page_max, isupport_.history_limit);
}

void History::ask(const kit::BackfillRequest& request, Time now, service::Steady steady, Effects& out) {
    own_[request.room].clear();
    Fetch fetch;
    fetch.room = request.room;
    fetch.last = request.after.native_id;
    fetch.from = request.after.time;
    fetch.to = now;
    const auto oldest = now - settings_.history_age;
    if (fetch.from < oldest) {
        missing(fetch, fetch.from, oldest, "it is longer ago than we ask for", out);
        fetch.from = oldest;
        fetch.last.clear();
    }
    fetch.newest = fetch.from;
    // A millisecond earlier, since servers count in those; what we have already is known by its id.
    fetch.anchor = timestamp(fetch.from - std::chrono::milliseconds(1));
    fetches_.push_back(std::move(fetch));
    if (fetches_.size() == 1) next(steady, out);
}

void History::next(service::Steady now, Effects& out) {
    if (fetches_.empty()) return;
    const auto& fetch = fetches_.front();
    ours_.clear();
    deadline_ = now + answer_within;
    // Servers tell whole milliseconds: what is older than that is older than the last line we have, of the same one it may be newer.
    if (fetch.reach)
        out.push_back(send("CHATHISTORY", {"BEFORE", fetch.room, timestamp(fetch.from), "1"}));
    else
        out.push_back(send("CHATHISTORY", {"AFTER", fetch.room, fetch.anchor, std::to_string(page())}));
}

void History::ours(const std::string& room, const Line& line) {
    const auto ref = line.tag("batch"), id = line.tag("msgid");
    if (!ref || *ref != ours_ || !id || fetches_.empty() || fetches_.front().reach) return;
    auto& own = own_[room];
    if (own.size() < own_max) own.push_back({std::string(line.last()), std::string(*id)});
}

std::vector<std::string> History::ids_of(const std::string& room, std::string_view text) const {
    std::vector<std::string> out;
    const auto found = own_.find(room);
    if (found == own_.end()) return out;
    for (const auto& own : found->second)
        if (own.text == text) out.push_back(own.id);
    return out;
}

bool History::busy(const std::string& room) const {
    return std::any_of(fetches_.begin(), fetches_.end(), [&](const Fetch& fetch) { return fetch.room == room; });
}

bool History::holds_line(const Line& line) const {
    const auto ref = line.tag("batch");
    return ref && std::find(batches_.begin(), batches_.end(), *ref) != batches_.end();
}

bool History::counts(const Line& line) {
    const auto ref = line.tag("batch");
    if (!ref || ours_.empty() || *ref != ours_ || fetches_.empty()) return false;
    auto& fetch = fetches_.front();
    ++fetch.in_batch;
    if (fetch.reach) return true;
    ++fetch.count;
    const auto when = line.tag("time"), id = line.tag("msgid");
    const auto time = when ? service::parse_iso8601(*when) : std::nullopt;
    if (time) {
        fetch.newest = std::max(fetch.newest, *time);
        fetch.anchor = timestamp(fetch.newest);
    }
    if (id && !id->empty()) fetch.anchor = "msgid=" + std::string(*id);
    if (fetch.unproven && id && *id == fetch.last) fetch.unproven = false;
    if (fetch.unproven && time && *time >= fetch.from + std::chrono::milliseconds(1)) fetch.begins = time;
    return true;
}

void History::order(bool counted, Effects& out) {
    if (fetches_.empty()) return;
    // The one line that shows how far back the history goes was heard long ago.
    if (counted && fetches_.front().reach)
        std::erase_if(out, [](const Effect& effect) { return std::holds_alternative<Heard>(effect); });
    if (counted && fetches_.front().begins) {
        auto& fetch = fetches_.front();
        Effects first;
        missing(fetch, fetch.from, *std::exchange(fetch.begins, {}), too_short, first);
        fetch.unproven = false;
        out.insert(out.begin(), std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
    }
    if (counted) return;
    for (auto& effect : out) {
        // We are out of the room: what waited is fetched with the rest when we are back.
        if (const auto* room = std::get_if<RoomChanged>(&effect); room != nullptr && !room->joined) {
            const auto found =
                std::find_if(fetches_.begin(), fetches_.end(), [&](const Fetch& f) { return f.room == room->room; });
            if (found == fetches_.end()) continue;
            if (found != fetches_.begin())
                fetches_.erase(found);
            else
                found->waiting.clear(), found->room.clear();  // its answer is still to come
        }
    }
    std::erase_if(out, [&](Effect& effect) {
        auto* heard = std::get_if<Heard>(&effect);
        if (heard == nullptr) return false;
        for (auto& fetch : fetches_) {
            if (fetch.room != heard->event.origin.room.room) continue;
            fetch.waiting.push_back(std::move(*heard));
            return true;
        }
        return false;
    });
}

void History::batch(const Line& line, service::Steady now, Effects& out) {
    const auto ref = line.param(0);
    if (ref.size() < 2) return;
    const std::string name(ref.substr(1));
    if (ref[0] == '+' && line.param(1) == "chathistory") {
        if (batches_.size() < batches_max) batches_.push_back(name);
        const bool answer = !fetches_.empty() && ours_.empty() &&
                            (fetches_.front().room.empty() || isupport_.same(line.param(2), fetches_.front().room));
        if (answer) ours_ = name, fetches_.front().in_batch = 0;
    } else if (ref[0] == '-') {
        std::erase(batches_, name);
        if (!fetches_.empty() && name == ours_) page_ended(now, out);
    }
}

void History::page_ended(service::Steady now, Effects& out) {
    auto& fetch = fetches_.front();
    if (fetch.room.empty()) return done(now, out);
    if (std::exchange(fetch.reach, false)) {
        fetch.unproven = fetch.in_batch == 0;
        if (fetch.unproven && fetch.last.empty()) {
            missing(fetch, fetch.from, fetch.to, too_short, out);
            fetch.unproven = false;
        }
        return next(now, out);
    }
    if (fetch.unproven && fetch.in_batch == 0) missing(fetch, fetch.from, fetch.to, too_short, out);
    if (fetch.in_batch < page()) return done(now, out);
    if (fetch.count >= settings_.history_max)
        return give_up("more than " + std::to_string(settings_.history_max) + " messages were missed", now, out);
    next(now, out);
}

// The kit makes the marker of it.
void History::missing(const Fetch& fetch, Time from, Time to, std::string why, Effects& out) {
    Heard gap;
    gap.event.origin.room.room = fetch.room;
    gap.event.body = bus::Gap{from, to, std::move(why)};
    out.push_back(std::move(gap));
}

void History::give_up(std::string why, service::Steady now, Effects& out) {
    const auto& fetch = fetches_.front();
    if (!fetch.room.empty()) missing(fetch, fetch.newest, fetch.to, std::move(why), out);
    done(now, out);
}

void History::done(service::Steady now, Effects& out) {
    for (auto& heard : fetches_.front().waiting) out.push_back(std::move(heard));
    fetches_.pop_front();
    next(now, out);
}

// FAIL CHATHISTORY MESSAGE_ERROR AFTER #ops :Messages could not be retrieved
void History::failed(const Line& line, service::Steady now, Effects& out) {
    if (line.param(0) != "CHATHISTORY" || fetches_.empty()) return;
    give_up("the server does not give its history: " + std::string(line.last()), now, out);
}

void History::tick(service::Steady now, Effects& out) {
    if (fetches_.empty()) return;
    if (fetches_.front().waiting.size() > waiting_max) return give_up("too much was said meanwhile", now, out);
    if (deadline_ <= now) give_up("the server does not answer when asked for its history", now, out);
}

std::optional<service::Steady> History::due() const {
    if (fetches_.empty()) return std::nullopt;
    return fetches_.front().waiting.size() > waiting_max ? service::Steady{} : deadline_;
}

}  // namespace parley::irc
