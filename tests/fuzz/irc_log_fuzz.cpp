// Whatever an IRC log holds: each line becomes one event or is counted, events can be stored, in order, each with an id
// of its own, and the same again the next time. The first line of the input is the file's name.
#include <set>

#include "tests/fuzz/properties.h"
#include "tools/parley/irc_log.h"

using namespace parley;
using fuzz::invariant;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto content = fuzz::text_of(data, size);
    const auto name = fuzz::take_until(content, '\n');
    const bus::RoomAddress room{"libera", "#ops"};
    const auto log = cli::parse_irc_log(name, content, room);
    if (!log) return 0;
    const auto lines = static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n')) + (content.empty() || content.ends_with('\n') ? 0 : 1);
    invariant(log->events.size() + log->lines_skipped == lines, "each line is one event, or counted as skipped");
    std::set<bus::EventId> ids;
    service::Time last = service::Time::min();
    for (const auto& event : log->events) {
        invariant(ids.insert(event.id).second, "each event has an id of its own");
        invariant(event.time > last, "events come in order");
        last = event.time;
        fuzz::survives(event);
    }
    const auto again = cli::parse_irc_log(name, content, room);
    invariant(again && again->events == log->events, "the same file gives the same events");
    return 0;
}
