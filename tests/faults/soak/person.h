// Somebody in a room who talks all the time, numbers what they say, and notes what their own server shows of it and what
// is heard there. A thread each; they come back when their server does.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/soak/record.h"

namespace parley::soak {

Micros now();

class Person {
public:
    Person(std::string name, std::string room);  // the room as account/room
    virtual ~Person() = default;                 // whoever derives from it calls stop() first
    Person(const Person&) = delete;
    Person& operator=(const Person&) = delete;

    void start();
    void stop();  // returns when the thread has ended
    const std::string& name() const { return name_; }
    const std::string& room() const { return room_; }

    void talk(double per_second) { per_second_ = per_second; }
    void flood(int messages) { at_once_ += messages; }  // 200 a second
    std::string say_one_more();  // a plain message; returns its id, perhaps before it is said
    bool floods() const { return at_once_ > 0; }

    bool present() const { return present_; }    // in the room, and so is who listens for them
    unsigned comings() const { return comings_; }
    // The server has worked off all that it was told before: two turns of its loop. False at the deadline.
    bool fence(std::chrono::milliseconds deadline);
    bool has_heard(const std::string& id) const;
    bool shown(const std::string& id) const;  // their own server has shown it

    bool never_shown(const std::string& id) const;  // it was said, and the server died with it

    std::vector<Said> said() const;  // so far
    std::vector<std::string> heard() const;

protected:
    // Hears for a moment; comes back if it must. True: it can speak now.
    virtual bool hear() = 0;
    // Says it. It may change kind and text, as long as the id stands in it, and calls note() before it is under way.
    virtual void speak(Said what) = 0;
    void note(const Said& what);
    virtual Said::Kind kind_of(unsigned number) const;  // of the message with that number

    void came() { present_ = true, ++comings_; }
    void left();
    void line_heard(std::string line);  // of a bridge
    // The room has shown something of ours: its text, or of a reaction its target's id.
    void showed(const std::string& text);
    unsigned fences_wanted() const { return fences_wanted_; }
    void fenced(unsigned count) { fences_done_ = count; }
    bool ends() const { return ends_; }
    void pause(std::chrono::milliseconds limit);  // ends early with the person

private:
    void live();
    void say_next();
    std::optional<std::string> wish();

    const std::string name_, room_;
    std::thread thread_;
    std::atomic<bool> ends_{false}, present_{false};
    std::atomic<unsigned> comings_{0}, fences_wanted_{0}, fences_done_{0};
    std::atomic<int> at_once_{0};
    std::atomic<double> per_second_{0};
    mutable std::mutex lock_;  // of what follows
    std::condition_variable changed_;
    std::vector<Said> said_;
    std::vector<std::string> heard_;
    std::set<std::string> ids_heard_, shown_;
    std::vector<std::size_t> open_;  // of said_, not yet shown
    std::deque<std::string> wished_;  // ids that are to be said before anything else
    unsigned numbers_ = 0;
};

}  // namespace parley::soak
