#include "tools/measure/load.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cmath>

namespace parley::measure {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;     // for what is on its way when nothing more is said
constexpr auto echo_time = 300ms;  // how long doubles are listened for when everything has come
constexpr std::string_view knock = "is anybody there?";

}  // namespace

Crowd::Crowd(const Place& from, const Place& to, const std::string& name, std::size_t number, Person::Stands stands)
    : listener_(to, name + "ear"), ledger_(number) {
    for (std::size_t i = 0; i < number; ++i) speakers_.push_back(std::make_unique<Person>(from, fmt::format("{}{}", name, i), stands));
}

void Crowd::speak(std::size_t speaker) {
    const auto text = ledger_.say(speaker, Steady::now());
    speakers_[speaker]->say(text, text.substr(1, text.find('}') - 1));
}

// Sends what was said, and takes what comes until then or until something has come.
void Crowd::wait(Steady::time_point until) {
    std::vector<pollfd> waits{{listener_.wire().fd(), POLLIN, 0}};
    for (const auto& speaker : speakers_) {
        speaker->wire().flush();
        waits.push_back({speaker->wire().fd(), static_cast<short>(POLLIN | (speaker->wire().blocked() ? POLLOUT : 0)), 0});
    }
    const auto left = std::max<std::chrono::nanoseconds>(until - Steady::now(), 0ns);
    const timespec limit{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
    if (::ppoll(waits.data(), waits.size(), &limit, nullptr) <= 0) return;
    if (waits[0].revents != 0) {
        listener_.hear([this](std::string_view, std::string_view text) {
            knocked_ = knocked_ || text.find(knock) != std::string_view::npos;
            ledger_.hear(text, Steady::now());
        });
    }
    for (std::size_t i = 0; i < speakers_.size(); ++i) {  // they hear each other, and pings
        if ((waits[i + 1].revents & ~POLLOUT) != 0) speakers_[i]->hear([](std::string_view, std::string_view) {});
    }
}

bool Crowd::reached(std::chrono::milliseconds deadline) {
    for (const auto until = Steady::now() + deadline; !knocked_ && Steady::now() < until;) {
        for (const auto& speaker : speakers_) speaker->say(knock, "knock");
        for (const auto again = Steady::now() + 200ms; !knocked_ && Steady::now() < again;) wait(again);
    }
    return knocked_;
}

// Says what is due, or waits until something is.
void Crowd::turn(const Load& load, Steady::time_point begin) {
    if (load.per_second > 0) {
        const std::chrono::duration<double> after(static_cast<double>(ledger_.outcome().said) / load.per_second);
        const auto due = begin + std::chrono::duration_cast<Steady::duration>(after);
        if (Steady::now() >= due) return speak(ledger_.outcome().said % speakers_.size());
        return wait(due);
    }
    const auto each = std::max<std::size_t>(1, load.in_flight / speakers_.size());
    for (std::size_t i = 0; i < speakers_.size(); ++i) {
        while (ledger_.waiting(i) < each) speak(i);
    }
    wait(begin + load.length);
}

Outcome Crowd::run(const Load& load) {
    const auto begin = Steady::now();
    ledger_.begin(begin);
    const auto& outcome = ledger_.outcome();
    // At a pace a stall of the machine makes messages late, not fewer.
    const auto all = static_cast<std::size_t>(std::lround(load.per_second * seconds(load.length)));
    while (load.per_second > 0 ? outcome.said < all : Steady::now() < begin + load.length) turn(load, begin);
    for (const auto until = Steady::now() + patience; outcome.heard < outcome.said && Steady::now() < until;) wait(until);
    for (const auto until = Steady::now() + echo_time; Steady::now() < until;) wait(until);
    return outcome;
}

}  // namespace parley::measure
