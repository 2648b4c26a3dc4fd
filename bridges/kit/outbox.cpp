// entries: ordinal -> room, event.   states: ordinal -> "first", through whom, cut, attempts, native ids of
// answered parts…
// (an earlier version: "sent" and through whom in one, native ids…; without a cut).
// taken: event, hash(room) -> nothing, or that it was refused. An entry is in doubt exactly when it has a state.
#include "bridges/kit/outbox.h"

#include <algorithm>
#include <set>

#include "bridges/kit/pack.h"
#include "broker/bus/codec.h"

namespace parley::kit {
namespace {

using store::key_of;

constexpr std::size_t generation_keys = 4096;
constexpr std::string_view state_mark = "first", earlier_mark = "sent", refused_mark = "refused";

struct State {
    Outbox::First first;
    std::uint32_t attempts = 0;
    std::vector<std::string> answered;
};

std::optional<State> state_in(std::optional<std::string_view> bytes) {
    if (!bytes) return std::nullopt;
    State out;
    const auto parts = unpack(*bytes).value_or(std::vector<std::string_view>{});
    std::size_t at = parts.size();
    if (parts.size() >= 4 && parts[0] == state_mark) {
        out.first = {std::string(parts[1]), std::string(parts[2])};
        out.attempts = static_cast<std::uint32_t>(store::number_of(parts[3]));
        at = 4;
    } else if (!parts.empty() && parts[0].starts_with(earlier_mark)) {
        out.first.through = parts[0].substr(earlier_mark.size());
        at = 1;
    }
    for (; at < parts.size(); ++at) out.answered.emplace_back(parts[at]);
    return out;
}

std::string packed(const State& state) {
    const auto attempts = key_of(state.attempts);
    std::vector<std::string_view> parts{state_mark, state.first.through, state.first.cut, attempts};
    parts.insert(parts.end(), state.answered.begin(), state.answered.end());
    return pack(parts);
}

std::optional<bus::Event> read(const store::Txn& txn, const store::Table& entries, std::uint64_t ordinal) {
    const auto value = entries.get(txn, key_of(ordinal));
    const auto parts = value ? unpack(*value) : std::nullopt;
    if (!parts || parts->size() != 2) return std::nullopt;
    auto event = bus::decode((*parts)[1]);
    if (!event) return std::nullopt;
    return std::move(*event);
}

bool is_marker(const bus::Event& event, const std::string& room) {
    return event.kind() == bus::Kind::gap && event.id == bus::derived_id({"outbox full", room, event.origin.native_id});
}

}  // namespace

Outbox::Outbox(store::Env& env, OutboxLimits limits)
    : limits_(limits), env_(env), entries_(env, "outbox"), states_(env, "outbox_states"), taken_(env, "taken", generation_keys) {
    reload();
}

void Outbox::reload() {
    const auto before = std::move(queues_);
    queues_.clear();
    next_ = 1;
    const store::ReadTxn txn(env_);
    store::Cursor cursor(txn, entries_);
    for (bool more = cursor.first(); more; more = cursor.next()) {
        const auto ordinal = store::number_of(cursor.key());
        next_ = ordinal + 1;
        const auto parts = unpack(cursor.value());
        if (!parts || parts->size() != 2) continue;
        const bool has_state = states_.get(txn, key_of(ordinal)).has_value();
        queues_[std::string((*parts)[0])].push_back({ordinal, false, has_state, {}, has_state});
    }
    for (const auto& [room, slots] : before) {  // what this process has on the way stays so
        for (const auto& slot : slots) {
            if (!slot.sent) continue;
            for (auto& now : queues_[room])
                if (now.ordinal == slot.ordinal) now.sent = true;
        }
    }
}

std::string Outbox::taken_key(const bus::EventId& event, std::string_view room) {
    return std::string(event.view()).append(room_keys_.of(room));
}

bool Outbox::add(store::WriteTxn& txn, const std::string& room, const bus::Event& event, bool& full, bool in_doubt, service::Steady now) {
    full = false;
    const auto key = taken_key(event.id, room);
    if (const auto taken = taken_.get(txn, key)) return full = *taken == refused_mark;
    auto& queue = queues_[room];
    if (queue.size() >= limits_.room_max) {
        full = true;
        taken_.put(txn, key, refused_mark);
        mark_refused(txn, room, event);
        return true;
    }
    taken_.put(txn, key, "");
    entries_.put(txn, key_of(next_), pack({room, bus::encode(event)}));
    if (in_doubt) states_.put(txn, key_of(next_), packed({}));
    queue.push_back({next_++, false, in_doubt, now, in_doubt});
    return true;
}

void Outbox::again(store::WriteTxn& txn, const std::string& room, const bus::Event& event) {
    taken_.put(txn, taken_key(event.id, room), "");
    entries_.put(txn, key_of(next_), pack({room, bus::encode(event)}));
    states_.put(txn, key_of(next_), packed({}));
    queues_[room].push_back({next_++, false, true, {}, true});
}

void Outbox::doubt_all(store::WriteTxn& txn) {
    for (auto& [room, queue] : queues_) {
        for (auto& slot : queue) {
            slot.in_doubt = slot.has_state = true;
            if (!states_.get(txn, key_of(slot.ordinal))) states_.put(txn, key_of(slot.ordinal), packed({}));
        }
    }
}

// At the end of the queue stands a marker for each room that something was refused of.
void Outbox::mark_refused(store::WriteTxn& txn, const std::string& room, const bus::Event& event) {
    auto& queue = queues_[room];
    for (auto slot = queue.rbegin(); slot != queue.rend() && !slot->sent && !slot->in_doubt; ++slot) {
        auto marker = read(txn, entries_, slot->ordinal);
        if (!marker || !is_marker(*marker, room)) break;
        if (marker->origin.room != event.origin.room) continue;
        auto& gap = std::get<bus::Gap>(marker->body);
        gap.from = std::min(gap.from, event.time);
        gap.to = std::max(gap.to, event.time);
        marker->origin.visibility = std::max(marker->origin.visibility, event.origin.visibility);
        return entries_.put(txn, key_of(slot->ordinal), pack({room, bus::encode(*marker)}));
    }
    bus::Event marker;
    marker.time = marker.received = event.time;
    marker.origin = {event.origin.room, event.id.text(), event.origin.visibility};
    marker.author = bus::ourselves();
    marker.id = bus::derived_id({"outbox full", room, marker.origin.native_id});
    marker.body = bus::Gap{event.time, event.time, "too much waited for this room"};
    entries_.put(txn, key_of(next_), pack({room, bus::encode(marker)}));
    queue.push_back({next_++, false, false, {}, false});
}

std::optional<Outbox::Entry> Outbox::next(const store::Txn& txn, const std::string& room) const {
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return std::nullopt;
    const auto& slots = queue->second;
    const auto slot = std::find_if(slots.begin(), slots.end(), [](const Slot& s) { return !s.sent; });
    if (slot == slots.end() || static_cast<std::size_t>(slot - slots.begin()) >= limits_.window) return std::nullopt;
    Entry entry;
    entry.ordinal = slot->ordinal;
    entry.in_doubt = slot->in_doubt;
    entry.taken = slot->taken;
    if (auto event = read(txn, entries_, slot->ordinal)) entry.event = std::move(*event);
    if (!slot->has_state) return entry;
    if (auto state = state_in(states_.get(txn, key_of(slot->ordinal)))) {
        entry.sent_through = std::move(state->first.through);
        entry.cut = std::move(state->first.cut);
        entry.attempts = state->attempts;
        entry.answered = std::move(state->answered);
    }
    return entry;
}

std::vector<bus::EventId> Outbox::doubted(const store::Txn& txn, const std::string& room) const {
    std::vector<bus::EventId> out;
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return out;
    const auto& slots = queue->second;
    for (std::size_t i = 0; i < std::min(slots.size(), limits_.window); ++i)
        if (slots[i].in_doubt)
            if (auto event = read(txn, entries_, slots[i].ordinal)) out.push_back(event->id);
    return out;
}

std::vector<Outbox::Entry> Outbox::queued(const store::Txn& txn, const std::string& room, std::size_t most) const {
    std::vector<Entry> out;
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return out;
    for (const auto& slot : queue->second) {
        if (out.size() == most) break;
        if (slot.sent || slot.in_doubt) continue;
        if (auto event = read(txn, entries_, slot.ordinal)) out.push_back({.ordinal = slot.ordinal, .event = std::move(*event)});
    }
    return out;
}

void Outbox::replace(store::WriteTxn& txn, const std::string& room, const std::vector<std::uint64_t>& ordinals, const bus::Event& marker) {
    const std::set<std::uint64_t> gone(ordinals.begin() + 1, ordinals.end());
    entries_.put(txn, key_of(ordinals.front()), pack({room, bus::encode(marker)}));
    for (const auto ordinal : gone) entries_.erase(txn, key_of(ordinal));
    auto& queue = queues_.at(room);
    queue.erase(std::remove_if(queue.begin(), queue.end(), [&](const Slot& s) { return gone.contains(s.ordinal); }), queue.end());
}

// What is asked for stands near the front: at most a window away from it.
Outbox::Slot* Outbox::slot(const std::string& room, std::uint64_t ordinal) {
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return nullptr;
    const auto found =
        std::find_if(queue->second.begin(), queue->second.end(), [&](const Slot& s) { return s.ordinal == ordinal; });
    return found == queue->second.end() ? nullptr : &*found;
}

void Outbox::sent(store::WriteTxn& txn, const std::string& room, std::uint64_t ordinal, const First& first) {
    auto* const s = slot(room, ordinal);
    auto before = s == nullptr || s->has_state ? state_in(states_.get(txn, key_of(ordinal))) : std::nullopt;
    auto state = before ? std::move(*before) : State{first, 0, {}};
    if (state.first.cut.empty()) state.first.cut = first.cut;
    ++state.attempts;
    states_.put(txn, key_of(ordinal), packed(state));
    if (s == nullptr) return;  // only if it could be written:
    s->sent = s->has_state = true;
}

void Outbox::put_back(const std::string& room, std::uint64_t ordinal) {
    if (auto* s = slot(room, ordinal)) s->sent = false;
}

void Outbox::still_sent(const std::string& room, std::uint64_t ordinal) {
    if (auto* s = slot(room, ordinal)) s->sent = true;
}

void Outbox::answered(store::WriteTxn& txn, std::uint64_t ordinal, const std::vector<std::string>& native_ids) {
    auto state = state_in(states_.get(txn, key_of(ordinal))).value_or(State{});
    state.answered = native_ids;
    states_.put(txn, key_of(ordinal), packed(state));
}

void Outbox::done(store::WriteTxn& txn, std::uint64_t ordinal) {
    entries_.erase(txn, key_of(ordinal));
    states_.erase(txn, key_of(ordinal));
}

void Outbox::forget(const std::string& room, std::uint64_t ordinal) {
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return;
    const auto found =
        std::find_if(queue->second.begin(), queue->second.end(), [&](const Slot& s) { return s.ordinal == ordinal; });
    if (found != queue->second.end()) queue->second.erase(found);
    if (queue->second.empty()) queues_.erase(queue);
}

void Outbox::unanswered(const std::string& room) {
    const auto queue = queues_.find(room);
    if (queue == queues_.end()) return;
    for (auto& slot : queue->second) {
        slot.in_doubt = slot.in_doubt || slot.sent;
        slot.sent = false;
    }
}

std::vector<std::string> Outbox::rooms() const {
    std::vector<std::string> out;
    for (const auto& [room, queue] : queues_) out.push_back(room);
    return out;
}

std::size_t Outbox::size() const {
    std::size_t all = 0;
    for (const auto& [room, queue] : queues_) all += queue.size();
    return all;
}

std::size_t Outbox::size(const std::string& room) const {
    const auto queue = queues_.find(room);
    return queue == queues_.end() ? 0 : queue->second.size();
}

}  // namespace parley::kit
