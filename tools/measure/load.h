// People who speak and one who listens: so many messages a second, or always so many on their way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/measure/ledger.h"
#include "tools/measure/people.h"

namespace parley::measure {

struct Load {
    double per_second = 0;       // 0: as many as `in_flight` allows
    std::size_t in_flight = 64;  // messages that were said and not yet heard
    Steady::duration length{};   // how long is spoken; what is on its way is then waited for
};

class Crowd {
public:
    // `number` speakers in one place, one listener in another.
    Crowd(const Place& from, const Place& to, const std::string& name, std::size_t number, Person::Stands stands);

    // Speaks until the listener hears it: then the way between the two places is open. False at the deadline.
    bool reached(std::chrono::milliseconds deadline);
    Outcome run(const Load& load);

private:
    void speak(std::size_t speaker);
    void turn(const Load& load, Steady::time_point begin);
    void wait(Steady::time_point until);

    std::vector<std::unique_ptr<Person>> speakers_;
    Person listener_;
    Ledger ledger_;
    bool knocked_ = false;  // heard in reached()
};

}  // namespace parley::measure
