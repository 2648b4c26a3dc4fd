// Whatever events the bus carries: each is in the archive as it came, under its id, in its room and among what it is
// about. Input: encoded events, each with its length in front; bytes that are none are tried as a record on the disk.
#include <vector>

#include "indexer/archive/archive.h"
#include "indexer/archive/records.h"
#include "indexer/archive/view.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

void record(std::string_view bytes) {
    const auto event = archive::records::event_from(store::key_of(7), bytes);
    if (!event) return;
    const auto again = archive::records::event_from(store::key_of(7), archive::records::log_value(*event));
    invariant(again && *again == *event, "a record survives being written and read");
}

void look_up(const archive::View& view, const bus::Event& event) {
    const auto stored = view.event(event.sequence);
    invariant(stored && *stored == event, "an event comes back as it was");
    const auto by_id = view.event(event.id);
    invariant(by_id && by_id->id == event.id && by_id->sequence <= event.sequence, "an event is found by its id");
    static_cast<void>(view.find(event.id.text()));
    invariant(view.about(event).size() <= 1000, "what is about an event keeps its limit");
    const auto standing = view.standing(event);
    fuzz::good_text(standing.text);
    invariant(!standing.redacted || standing.text.empty(), "what is redacted has no text");
    static_cast<void>(view.target(event));
    static_cast<void>(view.native(event.origin.room, event.origin.native_id));
    if (const auto run = view.run(archive::records::run_of(event), 4)) invariant(run->output.size() <= 4, "a run's output keeps its limit");
    static_cast<void>(view.rooms_of(event.origin.room.account, event.author.id));
    service::Time last = service::Time::min();
    view.after(event.origin.room, {service::Time::min(), 0}, [&](const bus::Event& one) {
        invariant(one.time >= last && one.origin.room.text() == event.origin.room.text(), "a room's events come by time, and no others");
        last = one.time;
        return true;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    std::vector<bus::Event> events;
    while (!rest.empty() && events.size() < 16) {
        const auto bytes = fuzz::take_part(rest);
        record(bytes);
        auto event = bus::decode(bytes);
        if (!event) continue;
        event->sequence = events.size() + 1;
        event->journaled = service::Time(std::chrono::seconds(1'700'000'000));
        events.push_back(std::move(*event));
    }
    if (events.empty()) return 0;
    const fuzz::Folder folder;
    archive::Archive archive(folder.path, 32 << 20);
    invariant(archive.append(events) == events.size() && archive.append(events) == 0, "events are stored once");
    const archive::View view(archive);
    for (const auto& event : events) look_up(view, event);
    return 0;
}
