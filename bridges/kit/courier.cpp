// A full disk ends nothing: what could not be written is tried again each second, and nothing is acknowledged
// meanwhile.
#include "bridges/kit/courier.h"

#include <fmt/format.h>

#include "bridges/kit/split.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using bus::Event;
using bus::EventId;

constexpr std::uint32_t hops_max = 8;  // a message that has passed so many Parleys goes in a circle
constexpr auto sync_within = std::chrono::milliseconds(50);
constexpr auto retry_after = std::chrono::seconds(1);

// What a person in the room could answer, correct or react to.
const bus::Text* said(const Event& event) {
    if (const auto* message = std::get_if<bus::Message>(&event.body)) return &message->text;
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return &output->shown;
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return &finished->shown;
    return nullptr;
}

}  // namespace

Courier::Courier(Parts parts, OutboxLimits limits) : parts_(std::move(parts)), outbox_(parts_.env, limits) {}

bool Courier::Flight::complete() const {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer.has_value(); });
}

// Said once, not at every try.
void Courier::complain(const store::Failure& failure) {
    if (trouble_ != failure.what()) service::log::error("cannot write to the outbox; trying again until it works", {{"why", failure.what()}});
    trouble_ = failure.what();
}

void Courier::better() {
    if (!take_again_ && !pump_again_ && !settle_again_) trouble_.clear();
}

void Courier::doubt_what_waits() {
    try {
        store::WriteTxn txn(parts_.env);
        outbox_.doubt_all(txn);
        txn.commit();
    } catch (const store::Failure& failure) {  // it is known in memory, and written with each that is said
        complain(failure);
    }
}

// -- in: from the broker to the disk ---------------------------------------------------------------------------------

void Courier::take(std::vector<bus::Followed> events) {
    for (auto& event : events) arrived_.push_back(std::move(event));
    if (!take_again_) take_in();
}

void Courier::take_in() {
    take_again_ = {};
    if (arrived_.empty()) return;
    std::vector<std::pair<const Event*, std::string>> full;
    try {
        store::WriteTxn txn(parts_.env);
        for (const auto& followed : arrived_) store(txn, followed, full);
        txn.commit();
    } catch (const store::Failure& failure) {
        complain(failure);
        outbox_.reload();
        take_again_ = parts_.reactor.after(retry_after, [this] { take_in(); });
        return;
    }
    better();
    for (const auto& [event, room] : full)
        parts_.intake.receipt(event->id, room, event->origin.visibility, {}, "too much waited for this room");
    stored_ = arrived_.back().event.sequence;
    arrived_.clear();
    if (!sync_timer_) sync_timer_ = parts_.reactor.after(sync_within, [this] { sync(); });
    pump_soon();
}

void Courier::store(store::WriteTxn& txn, const bus::Followed& followed,
                    std::vector<std::pair<const Event*, std::string>>& full) {
    const auto& event = followed.event;
    for (const auto& recipient : followed.recipients) {
        if (event.hops >= hops_max) {
            service::log::warning("a message goes in a circle and is not passed on",
                                  {{"event", event.id.text()}, {"room", recipient.text()}});
            continue;
        }
        bool refused = false;
        if (!outbox_.add(txn, recipient.room, event, refused, event.sequence <= doubt_until_)) continue;
        if (refused)
            full.emplace_back(&event, recipient.room);
        else
            remember(txn, recipient.room, event);
    }
}

void Courier::remember(store::WriteTxn& txn, const std::string& room, const Event& event) {
    if (const auto* text = said(event)) {
        if (!parts_.identities.find(txn, event.id, room)) {
            parts_.identities.put(txn, room,
                                  {event.id, {}, event.author.id, event.author.name, excerpt(text->plain), true, {}});
        }
    } else if (const auto* edit = std::get_if<bus::Edit>(&event.body)) {
        parts_.identities.set_excerpt(txn, room, edit->target.event, excerpt(edit->text.plain));
    } else if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) {
        parts_.identities.react(txn, room, reaction->target.event, event.origin.room.account + "/" + event.author.id,
                                reaction->emoji, reaction->added);
    }
}

void Courier::sync() {
    sync_timer_ = {};
    try {
        parts_.env.sync();
    } catch (const store::Failure& failure) {
        complain(failure);
        sync_timer_ = parts_.reactor.after(retry_after, [this] { sync(); });
        return;
    }
    better();
    if (stored_ > acknowledged_) parts_.client.acknowledge(acknowledged_ = stored_);
}

// -- out: from the disk to the platform ------------------------------------------------------------------------------

void Courier::pump_soon() {
    if (pump_soon_) return;
    pump_soon_ = parts_.reactor.after(std::chrono::microseconds(0), [this] {
        pump_soon_ = {};
        pump();
    });
}

void Courier::pump() {
    if (platform_ == nullptr || pump_again_) return;
    std::vector<Delivery> out;
    std::vector<FlightKey> started;
    try {
        bool any = false;
        for (const auto& room : outbox_.rooms()) any = any || speakable_(room);
        if (!any) return;
        store::WriteTxn txn(parts_.env);
        for (const auto& room : outbox_.rooms())
            if (speakable_(room)) pump_room(txn, room, out, started);
        if (started.empty()) return;
        txn.commit();
    } catch (const store::Failure& failure) {
        complain(failure);
        for (const auto& key : started) {
            outbox_.put_back(key.second, flights_[key].ordinal);
            flights_.erase(key);
        }
        pump_again_ = parts_.reactor.after(retry_after, [this] { pump_again_ = {}, pump(); });
        return;
    }
    better();
    for (const auto& key : started) {
        if (flights_[key].complete()) answered_.insert(key), settle_soon();
    }
    for (const auto& delivery : out) {
        if (flights_.contains({delivery.id.event, delivery.id.room}))
            platform_->deliver(delivery);  // the link may go while we speak
    }
}

void Courier::pump_room(store::WriteTxn& txn, const std::string& room, std::vector<Delivery>& out,
                        std::vector<FlightKey>& started) {
    const auto lookup = [&](const EventId& id) { return parts_.identities.find(txn, id, room); };
    while (auto entry = outbox_.next(txn, room)) {
        const auto& event = entry->event;
        if (must_wait(event, room)) return;
        auto deliveries = degrade(event, room, platform_->capabilities(), lookup, parts_.names);
        const FlightKey key{event.id, room};
        Flight flight{entry->ordinal, event, std::vector<std::optional<std::string>>(deliveries.size()), {}};
        for (std::size_t i = 0; i < deliveries.size(); ++i) {
            if (i < entry->answered.size()) {
                flight.answers[i] = entry->answered[i];
                continue;
            }
            deliveries[i].in_doubt = entry->in_doubt;
            deliveries[i].sent_through = entry->sent_through;
            out.push_back(std::move(deliveries[i]));
        }
        outbox_.sent(txn, room, entry->ordinal, platform_->sent_through());
        flights_[key] = std::move(flight);
        started.push_back(key);
    }
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

// -- what the platform answers ---------------------------------------------------------------------------------------

void Courier::answer(const DeliveryId& id, std::string native_id, std::string refusal) {
    const FlightKey key{id.event, id.room};
    const auto found = flights_.find(key);
    if (found == flights_.end() || id.part >= found->second.answers.size()) return;  // from before the link went
    auto& flight = found->second;
    if (flight.answers[id.part]) return;
    flight.answers[id.part] = std::move(native_id);
    if (!refusal.empty() && flight.refusal.empty()) {
        const auto parts = flight.answers.size();
        flight.refusal =
            parts == 1 ? std::move(refusal) : fmt::format("part {} of {}: {}", id.part + 1, parts, refusal);
    }
    answered_.insert(key);
    settle_soon();
}

void Courier::settle_soon() {
    if (settle_soon_) return;
    settle_soon_ = parts_.reactor.after(std::chrono::microseconds(0), [this] {
        settle_soon_ = {};
        settle();
    });
}

// A receipt is written before the outbox lets go of what it is about: if we die in between it is said twice, and counts once.
bool Courier::tell(const FlightKey& key, Flight& flight) {
    if (flight.told || flight.answers.empty()) return true;
    std::vector<std::string> native_ids;
    for (const auto& answer : flight.answers)
        if (!answer->empty()) native_ids.push_back(*answer);
    flight.told = parts_.intake.receipt(key.first, key.second, flight.event.origin.visibility, std::move(native_ids), flight.refusal);
    return flight.told;
}

void Courier::settle() {
    if (answered_.empty() || settle_again_) return;
    std::set<FlightKey> settled, later;
    try {
        store::WriteTxn txn(parts_.env);
        for (const auto& key : answered_) {
            const auto flight = flights_.find(key);
            if (flight == flights_.end()) continue;
            if (flight->second.complete() && !tell(key, flight->second)) {
                later.insert(key);
                continue;
            }
            settle_one(txn, key, flight->second);
            if (flight->second.complete()) settled.insert(key);
        }
        txn.commit();
    } catch (const store::Failure& failure) {
        complain(failure);
        settle_again_ = parts_.reactor.after(retry_after, [this] { settle_again_ = {}, settle(); });
        return;
    }
    answered_ = std::move(later);
    if (!answered_.empty()) settle_again_ = parts_.reactor.after(retry_after, [this] { settle_again_ = {}, settle(); });
    better();
    for (const auto& key : settled) {
        const auto found = flights_.find(key);
        outbox_.forget(key.second, found->second.ordinal);
        const auto parts = static_cast<std::uint32_t>(found->second.answers.size());
        flights_.erase(found);
        for (std::uint32_t part = 0; part < parts; ++part) platform_->settled({key.first, key.second, part});
    }
    pump_soon();
}

void Courier::settle_one(store::WriteTxn& txn, const FlightKey& key, const Flight& flight) {
    std::vector<std::string> first;
    for (std::size_t i = 0; i < flight.answers.size() && flight.answers[i]; ++i) first.push_back(*flight.answers[i]);
    if (!flight.complete()) return outbox_.answered(txn, flight.ordinal, first);
    outbox_.done(txn, flight.ordinal);
    auto known = said(flight.event) != nullptr ? parts_.identities.find(txn, key.first, key.second) : std::nullopt;
    std::erase(first, std::string());
    if (first.empty()) return;
    if (known) {
        known->native_ids = first;
        parts_.identities.put(txn, key.second, *known);
    } else {
        for (const auto& native_id : first) parts_.identities.put_native(txn, key.second, native_id, key.first);
    }
}

}  // namespace parley::kit
