// Whatever stands in the files of a bridge: outbox, spool and identity map read what is whole and pass over the rest.
// Input: a byte that says which, then parts with their length in front (the spool: the file as it is).
#include <fstream>

#include "bridges/kit/identity_map.h"
#include "bridges/kit/outbox.h"
#include "bridges/kit/pack.h"
#include "bridges/kit/spool.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

bus::Event event(std::string_view words) {
    bus::Event out;
    out.id = bus::derived_id({words});
    out.origin = {{"lobby", "#ops"}, "n1", {}};
    out.body = bus::Message{bus::Text(service::unicode::repaired(words)), {}, {}, {}, {}};
    return out;
}

void spool(const std::filesystem::path& folder, std::string_view bytes) {
    const auto file = folder / "spool";
    std::ofstream(file, std::ios::binary) << bytes;
    const auto fresh = event("fresh");
    std::vector<bus::Event> before;
    if (fuzz::refused_as_later(file, bytes, [&] { const kit::Spool once(file); })) return;
    {
        kit::Spool spool(file);
        invariant(spool.bytes() <= bytes.size(), "a spool counts what is whole");
        for (const auto& entry : spool.recover()) before.push_back(entry.event);
        invariant(spool.waiting() == before.size(), "all that is recovered waits");
        invariant(spool.add(fresh).has_value(), "a torn end is written over");
    }
    before.push_back(fresh);
    kit::Spool again(file);
    std::vector<bus::Event> after;
    for (const auto& entry : again.recover()) after.push_back(entry.event);
    invariant(after == before, "what was whole and what was added is there the next time");
}

void outbox(store::Env& env, std::string_view rest) {
    {
        store::Table entries(env, "outbox"), states(env, "outbox_states");
        store::WriteTxn txn(env);
        for (std::uint64_t ordinal = 1; !rest.empty() && ordinal < 16; ++ordinal) {
            if (const auto entry = fuzz::take_part(rest); !entry.empty()) entries.put(txn, store::key_of(ordinal), entry);
            if (const auto state = fuzz::take_part(rest); !state.empty()) states.put(txn, store::key_of(ordinal), state);
        }
        txn.commit();
    }
    kit::Outbox outbox(env);
    const auto waiting = outbox.size();
    std::size_t taken = 0;
    for (const auto& room : outbox.rooms()) {
        std::uint64_t last = 0;
        while (true) {
            store::WriteTxn txn(env);
            const auto entry = outbox.next(txn, room);
            if (!entry) break;
            invariant(entry->ordinal > last, "a room's entries come in order");
            last = entry->ordinal;
            outbox.sent(txn, room, entry->ordinal);
            outbox.answered(txn, entry->ordinal, {"n1"});
            outbox.done(txn, entry->ordinal);
            txn.commit();
            outbox.forget(room, entry->ordinal);
            ++taken;
        }
    }
    invariant(taken == waiting && outbox.size() == 0, "everything that waits can be taken");
    bool full = false;
    store::WriteTxn txn(env);
    invariant(outbox.add(txn, "#ops", event("fresh"), full) && !full, "the outbox takes more");
    const auto next = outbox.next(txn, "#ops");
    invariant(next && next->event == event("fresh"), "what was added comes next");
}

void identities(store::Env& env, std::string_view rest) {
    const std::string room = "#ops";
    const auto one = event("one").id;
    const std::string key = std::string(bus::derived_id({"room", room}).view()) + std::string(one.view());
    kit::IdentityMap map(env);
    store::Table known(env, "known"), native(env, "native"), reactions(env, "reactions");
    store::WriteTxn txn(env);
    if (const auto value = fuzz::take_part(rest); !value.empty()) known.put(txn, key, value);
    if (const auto value = fuzz::take_part(rest); !value.empty()) reactions.put(txn, key, value);
    const auto place = fuzz::take_part(rest);
    if (!place.empty()) native.put(txn, bus::derived_id({room, "n1"}).view(), place);
    static_cast<void>(map.event_of(txn, room, "n1"));
    const auto emoji = fuzz::take_part(rest), who = fuzz::take_part(rest);
    map.add_native(txn, room, one, "n2");
    map.set_excerpt(txn, room, one, who);
    map.react(txn, room, one, who, emoji, true);
    if (const auto found = map.find(txn, one, room)) {
        invariant(found->excerpt == who && found->native_ids.back() == "n2", "what was changed is changed");
        invariant(std::find(found->reactions.begin(), found->reactions.end(), emoji) != found->reactions.end(), "a reaction stands");
        invariant(map.event_of(txn, room, "n2") == one, "a native id finds its event");
    }
    map.react(txn, room, one, who, emoji, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    auto rest = fuzz::text_of(data, size);
    const auto which = fuzz::take_byte(rest) % 3;
    if (const auto parts = kit::unpack(rest)) invariant(kit::pack(*parts) == rest, "packing survives a round trip");
    const fuzz::Folder folder;
    if (which == 0) return spool(folder.path, rest), 0;
    store::EnvOptions options;
    options.map_bytes = 16 << 20;
    options.sync = store::Sync::on_demand;
    store::Env env(folder.path, options);
    if (which == 1) outbox(env, rest);
    else identities(env, rest);
    return 0;
}
