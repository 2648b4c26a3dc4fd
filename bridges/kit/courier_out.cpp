// From the disk to the platform: what is said next in a room, what must wait, and what of long ago is summed up.
#include <algorithm>

#include "bridges/kit/courier.h"
#include "bridges/kit/cut.h"

namespace parley::kit {

using bus::Event;
using bus::EventId;

namespace {

constexpr auto again_after = std::chrono::milliseconds(50);  // who asked for it is answered before it may crash us again

}  // namespace

bool Courier::sayable() const {
    if (platform_ == nullptr) return false;
    const auto rooms = outbox_.rooms();
    return std::any_of(rooms.begin(), rooms.end(), speakable_);
}

void Courier::say(store::WriteTxn& txn, const std::string& room, Turn& turn) {
    const auto lookup = [&](const EventId& id) { return parts_.identities.find(txn, id, room); };
    bool looked = false;
    while (auto entry = outbox_.next(txn, room)) {
        auto& event = entry->event;
        if (!looked && !entry->in_doubt && is_late(event, parts_.clock.now())) {
            looked = true;
            const auto summed = sum_up(txn, room);
            if (summed == Summed::later) return;
            if (summed == Summed::some) continue;
        }
        if (must_wait(event, room)) return;
        const FlightKey key{event.id, room};
        if (set_aside(*entry, room)) {
            outbox_.sent(txn, room, entry->ordinal);
            turn.started.push_back(key);
            continue;
        }
        parts_.dead_letters.in_hand(event.id, room);
        const auto& can = platform_->capabilities();
        const auto before = decode_cut(entry->cut);
        const auto cut = before ? *before : cut_of(event, can, lookup);
        auto deliveries = degrade(event, room, can, lookup, parts_.names, cut);
        parts_.dead_letters.nothing_in_hand();
        if (depends_on_cut(event, deliveries, can)) turn.cut_first.insert(room);
        Flight flight{entry->ordinal, std::move(event), std::vector<std::optional<std::string>>(deliveries.size()), {}};
        flight.taken = entry->taken;
        flight.sent = parts_.clock.steady();
        flight.attempts = entry->attempts + 1;
        for (std::size_t i = 0; i < deliveries.size(); ++i) {
            if (i < entry->answered.size()) {
                flight.answers[i] = entry->answered[i];
                continue;
            }
            deliveries[i].in_doubt = entry->in_doubt;
            deliveries[i].hold_in_doubt = entry->in_doubt && parts_.holds_doubt && parts_.holds_doubt(room);
            deliveries[i].sent_through = entry->sent_through;
            turn.out.push_back(std::move(deliveries[i]));
        }
        outbox_.sent(txn, room, entry->ordinal, {platform_->sent_through(), encode(cut)});
        flights_[key] = std::move(flight);
        turn.started.push_back(key);
    }
}

// Of what is too old or too much, each has a receipt that says so, and one line in its place says it in the room.
Courier::Summed Courier::sum_up(store::WriteTxn& txn, const std::string& room) {
    const auto limit = parts_.catch_up ? parts_.catch_up(room) : bus::CatchUp{};
    if (limit.age.count() == 0 && limit.count == 0) return Summed::nothing;
    const auto later = [this](std::chrono::milliseconds wait) {
        work_later_ = parts_.reactor.after(wait, [this] { work_soon(); });
        return Summed::later;
    };
    const auto steady = parts_.clock.steady();
    if (const auto late = late_.find(room); late != late_.end()) {
        if (steady - late->second.last < late_quiet && steady - late->second.first < late_patience) return later(late_quiet);
        late_.erase(late);
    } else if (const auto looked = looked_.find(room); looked != looked_.end() && steady - looked->second < retry_after) {
        return Summed::nothing;  // a long queue is not read for each message
    }
    looked_[room] = steady;
    const auto now = parts_.clock.now();
    const auto out = left_out(outbox_.queued(txn, room, late_at_once_max), room, limit, now);
    if (out.empty()) return Summed::nothing;
    for (const auto& entry : out)
        if (!tell_refusal(room, entry.event.origin.visibility, {entry.event.id, {}, {}}, "not repeated one by one: it was said too long ago, or too much was"))
            return later(retry_after);
    std::vector<std::uint64_t> ordinals;
    for (const auto& entry : out) ordinals.push_back(entry.ordinal);
    outbox_.replace(txn, room, ordinals, summary_of(out, room, parts_.names, now));
    return Summed::some;
}

// It counts as answered, with a refusal.
bool Courier::set_aside(const Outbox::Entry& entry, const std::string& room) {
    if (!parts_.dead_letters.has(entry.event.id, room)) return false;
    parts_.dead_letters.keep(entry.event, room);
    flights_[{entry.event.id, room}] = {entry.ordinal, entry.event, {std::string()}, bus::DeadLetters::why()};
    return true;
}

service::Result<void> Courier::again(const Event& event, const std::string& room) {
    try {
        store::WriteTxn txn(parts_.env);
        outbox_.again(txn, room, event);
        txn.commit();
        parts_.env.sync();
    } catch (const store::Failure& failure) {
        outbox_.reload();
        return service::fail(service::Code::io, failure.what(), "make room on the disk");
    }
    again_soon_ = parts_.reactor.after(again_after, [this] { again_soon_ = {}, work(); });
    return {};
}

// An edit, a reply or a reaction needs the native id of its message: it waits while that message is on its way.
bool Courier::must_wait(const Event& event, const std::string& room) const {
    if (flights_.contains({event.id, room})) return true;
    const auto target = target_of(event);
    return target && platform_->capabilities().receipts && flights_.contains({target, room});
}

void Courier::room_gone(const std::string& room) {
    settle();
    std::erase_if(flights_, [&](const auto& flight) { return flight.first.second == room; });
    outbox_.unanswered(room);
}

void Courier::all_gone() {
    for (const auto& room : outbox_.rooms()) room_gone(room);
}

}  // namespace parley::kit
