// The least that a bridge between two rooms can be, as a limit for Parley's: one process that signs in at both servers
// and says in each room what it hears in the other. Nothing is kept, nothing is checked.
//   measure_forwarder NAME irc:6667:#room irc:6668:#room
#include <fmt/format.h>
#include <poll.h>

#include <exception>

#include "tools/measure/people.h"

namespace {

using parley::measure::Person;
using parley::measure::Place;

void forward(Person& from, Person& to, unsigned& number) {
    from.hear([&](std::string_view nick, std::string_view text) {
        to.say(fmt::format("{}: {}", nick, text), fmt::format("f{}", ++number));
    });
    to.wire().flush();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: measure_forwarder NAME PLACE PLACE\n");
        return 2;
    }
    try {
        Person here(Place::from_text(argv[2]), argv[1]), there(Place::from_text(argv[3]), argv[1]);
        unsigned number = 0;
        for (;;) {
            const auto events = [](Person& person) { return static_cast<short>(POLLIN | (person.wire().blocked() ? POLLOUT : 0)); };
            pollfd waits[]{{here.wire().fd(), events(here), 0}, {there.wire().fd(), events(there), 0}};
            ::poll(waits, 2, -1);
            forward(here, there, number);
            forward(there, here, number);
        }
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_forwarder: {}\n", error.what());
        return 1;
    }
}
