// Numbers, the pace and the notes of a person; what they do on their platform is in irc_person, xmpp_person, page_person.
#include "tests/faults/soak/person.h"

#include <algorithm>

#include "tests/faults/soak/told.h"
#include "tests/support/process.h"

namespace parley::soak {

using Clock = std::chrono::steady_clock;

constexpr double flood_per_second = 200;  // far beyond any platform, and not beyond this machine

Micros now() { return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Person::Person(std::string name, std::string room) : name_(std::move(name)), room_(std::move(room)) {}

void Person::start() {
    thread_ = std::thread([this] { live(); });
}

void Person::stop() {
    ends_ = true;
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Person::pause(std::chrono::milliseconds limit) {
    std::unique_lock lock(lock_);
    changed_.wait_for(lock, limit, [this] { return ends_.load(); });
}

void Person::live() {
    auto last = Clock::now();
    double owed = 0;
    while (!ends_) {
        const bool can_speak = hear();
        const auto here = Clock::now();
        const auto rate = at_once_ > 0 ? std::max(flood_per_second, per_second_.load()) : per_second_.load();
        // What could not be said while the server was away is not made up for, and who has nothing more to say owes nothing.
        if (rate <= 0) owed = 0;
        owed = std::min(2.0, owed + rate * std::chrono::duration<double>(here - last).count());
        last = here;
        if (!can_speak) continue;
        if (wish() || owed >= 1) {
            const bool paced = owed >= 1;
            say_next();
            if (paced) owed -= 1;
        }
    }
}

std::optional<std::string> Person::wish() {
    const std::lock_guard lock(lock_);
    return wished_.empty() ? std::nullopt : std::optional(wished_.front());
}

std::string Person::say_one_more() {
    const std::lock_guard lock(lock_);
    return wished_.emplace_back(id_of(name_, numbers_++));
}

Said::Kind Person::kind_of(unsigned number) const { return number % 12 == 11 ? Said::Kind::command : Said::Kind::message; }

void Person::say_next() {
    Said what;
    {
        const std::lock_guard lock(lock_);
        what.room = room_;
        what.by = name_;
        if (!wished_.empty()) {
            what.id = wished_.front();
            wished_.pop_front();
        } else {
            what.kind = at_once_ > 0 ? Said::Kind::message : kind_of(numbers_);
            what.id = id_of(name_, numbers_++);
            if (at_once_ > 0) --at_once_;
        }
        what.text = what.kind == Said::Kind::command ? "!tell " + what.id : words_of(what.id);
        what.from = now();
    }
    speak(what);
}

void Person::note(const Said& what) {
    const std::lock_guard lock(lock_);
    open_.push_back(said_.size());
    said_.push_back(what);
}

void Person::showed(const std::string& text) {
    const std::lock_guard lock(lock_);
    const auto found = std::find_if(open_.begin(), open_.end(), [&](std::size_t at) {
        const auto& one = said_[at];
        return one.kind == Said::Kind::reaction ? text == one.id : !one.text.empty() && text.ends_with(one.text);
    });
    if (found == open_.end()) return;
    said_[*found].sure = true;
    said_[*found].to = now();
    shown_.insert(said_[*found].id);
    open_.erase(found);
}

// What was under way when the server went has been shown or never will be.
void Person::left() {
    present_ = false;
    const std::lock_guard lock(lock_);
    for (const auto at : open_) said_[at].to = now();
    open_.clear();
}

void Person::line_heard(std::string line) {
    const std::lock_guard lock(lock_);
    if (auto id = last_id(line); !id.empty()) ids_heard_.insert(std::move(id));
    heard_.push_back(std::move(line));
}

bool Person::has_heard(const std::string& id) const {
    const std::lock_guard lock(lock_);
    return ids_heard_.contains(id);
}

bool Person::shown(const std::string& id) const {
    const std::lock_guard lock(lock_);
    return shown_.contains(id);
}

bool Person::never_shown(const std::string& id) const {
    const std::lock_guard lock(lock_);
    return std::any_of(said_.begin(), said_.end(), [&](const Said& one) { return one.id == id && !one.sure && one.to != 0; });
}

std::vector<Said> Person::said() const {
    const std::lock_guard lock(lock_);
    return said_;
}

std::vector<std::string> Person::heard() const {
    const std::lock_guard lock(lock_);
    return heard_;
}

bool Person::fence(std::chrono::milliseconds deadline) {
    const unsigned wanted = fences_wanted_ += 2;
    return tests::wait_until([&] { return fences_done_ >= wanted || !present_; }, deadline) && fences_done_ >= wanted;
}

}  // namespace parley::soak
