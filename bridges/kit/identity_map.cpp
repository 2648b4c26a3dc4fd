// known: hash(room) event -> author id, name, excerpt, "1" if ours, native ids…
// native: hash(room, native id) -> event.    reactions: hash(room) event -> author id, emoji, author id, emoji…
#include "bridges/kit/identity_map.h"

#include <algorithm>

#include "bridges/kit/known_record.h"
#include "bridges/kit/pack.h"

namespace parley::kit {
namespace {

using bus::EventId;

constexpr std::size_t generation_keys = 4096;

std::string native_key(std::string_view room, std::string_view native_id) {
    return std::string(bus::derived_id({room, native_id}).view());
}

}  // namespace

IdentityMap::IdentityMap(store::Env& env)
    : known_(env, "known", generation_keys), native_(env, "native", generation_keys), reactions_(env, "reactions") {}

std::string IdentityMap::key_of(std::string_view room, const EventId& event) const {
    return std::string(room_keys_.of(room)).append(event.view());
}

std::optional<Known> IdentityMap::find(const store::Txn& txn, const EventId& event, std::string_view room) const {
    const auto key = key_of(room, event);
    const auto value = known_.get(txn, key);
    const auto parts = value ? unpack(*value) : std::nullopt;
    auto known = parts ? known_in(event, *parts) : std::nullopt;
    if (!known) return std::nullopt;
    if (const auto standing = reactions_.get(txn, key)) {
        const auto pairs = unpack(*standing).value_or(std::vector<std::string_view>{});
        for (std::size_t i = 1; i < pairs.size(); i += 2) {
            if (std::find(known->reactions.begin(), known->reactions.end(), pairs[i]) == known->reactions.end())
                known->reactions.emplace_back(pairs[i]);
        }
    }
    return known;
}

std::optional<EventId> IdentityMap::event_of(const store::Txn& txn, std::string_view room,
                                             std::string_view native_id) const {
    const auto value = native_.get(txn, native_key(room, native_id));
    return value ? EventId::from_bytes(*value) : std::nullopt;
}

void IdentityMap::put(store::WriteTxn& txn, std::string_view room, const Known& known) {
    if (known.native_ids.empty()) {
        auto record = known;
        if (const auto before = find(txn, known.event, room)) record.native_ids = before->native_ids;
        known_.put(txn, key_of(room, known.event), pack(fields_of(record)));
        return;
    }
    known_.put(txn, key_of(room, known.event), pack(fields_of(known)));
    for (const auto& id : known.native_ids)
        if (!id.empty()) native_.put(txn, native_key(room, id), known.event.view());
}

void IdentityMap::add_native(store::WriteTxn& txn, std::string_view room, const EventId& event,
                             std::string_view native_id) {
    auto known = find(txn, event, room);
    if (!known) return;
    known->native_ids.emplace_back(native_id);
    put(txn, room, *known);
}

void IdentityMap::put_native(store::WriteTxn& txn, std::string_view room, std::string_view native_id,
                             const EventId& event) {
    native_.put(txn, native_key(room, native_id), event.view());
}

void IdentityMap::set_excerpt(store::WriteTxn& txn, std::string_view room, const EventId& event,
                              std::string_view excerpt) {
    auto known = find(txn, event, room);
    if (!known) return;
    known->excerpt = excerpt;
    put(txn, room, *known);
}

void IdentityMap::react(store::WriteTxn& txn, std::string_view room, const EventId& event, std::string_view author_id,
                        std::string_view emoji, bool added) {
    const auto key = key_of(room, event);
    const auto before = std::string(reactions_.get(txn, key).value_or(std::string_view{}));
    const auto pairs = unpack(before).value_or(std::vector<std::string_view>{});
    std::vector<std::string_view> after;
    for (std::size_t i = 1; i < pairs.size(); i += 2) {
        if (pairs[i - 1] != author_id || pairs[i] != emoji) after.insert(after.end(), {pairs[i - 1], pairs[i]});
    }
    if (added) after.insert(after.end(), {author_id, emoji});
    reactions_.put(txn, key, pack(after));
}

}  // namespace parley::kit
