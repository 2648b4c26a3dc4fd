// In: from the broker to the disk; and the answers. What is said when is in courier_out.cpp.
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
// The disk is everybody's: a sync that only moves a cursor can wait, but not for as long as the credit lasts.
constexpr auto sync_within = std::chrono::milliseconds(200);
constexpr bus::Sequence unacknowledged_max = 1024;
constexpr std::size_t named_max = 4096;  // in one turn

// What a person in the room could answer, correct or react to.
const bus::Text* said(const Event& event) {
    if (const auto* message = std::get_if<bus::Message>(&event.body)) return &message->text;
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return &output->shown;
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return &finished->shown;
    return nullptr;
}

}  // namespace

Courier::Courier(Parts parts, OutboxLimits limits) : parts_(std::move(parts)), outbox_(parts_.env, limits) {}

void Courier::set_platform(Platform* platform) {
    platform_ = platform;
    const store::ReadTxn txn(parts_.env);
    for (const auto& room : outbox_.rooms())
        for (const auto& event : outbox_.doubted(txn, room))
            for (std::uint32_t part = 0; part < platform_->capabilities().parts_max; ++part) platform_->doubted({event, room, part});
}

bool Courier::Flight::complete() const {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer.has_value(); });
}

bus::Passage Courier::Flight::passage() const {
    const auto between = [](service::Steady from, service::Steady to) {
        return from == service::Steady{} || to <= from ? std::chrono::microseconds(0) : std::chrono::duration_cast<std::chrono::microseconds>(to - from);
    };
    return {attempts, between(taken, sent), between(sent, answered)};
}

// Said once, not at every try.
void Courier::complain(const store::Failure& failure) {
    if (trouble_ != failure.what()) service::log::error("cannot write to the outbox; trying again until it works", {{"why", failure.what()}});
    trouble_ = failure.what();
}

void Courier::better() {
    if (!take_again_ && !work_again_) trouble_.clear();
}

void Courier::doubt_what_waits() {
    doubts_all_ = true;
    if (!turn({})) try_again(work_again_);
}

// -- a turn ----------------------------------------------------------------------------------------------------------

void Courier::take(std::vector<bus::Followed> events) {
    for (auto& event : events) arrived_.push_back(std::move(event));
    work_soon();
}

void Courier::work_soon() {
    if (work_soon_) return;
    work_soon_ = parts_.reactor.after(std::chrono::microseconds(0), [this] {
        work_soon_ = {};
        work();
    });
}

void Courier::try_again(service::Reactor::Handle& timer) {
    timer = parts_.reactor.after(retry_after, [this, &timer] {
        timer = {};
        work();
    });
}

// Where there is no room for what came there may be for what goes.
void Courier::work() {
    if (work_again_) return;
    const bool take = !arrived_.empty() && !take_again_;
    if (turn({take, true})) return;
    if (take) try_again(take_again_);
    if (!take || !turn({false, true})) try_again(work_again_);
}

void Courier::settle() {
    if (!(answered_.empty() && named_.empty()) && !work_again_ && !turn({})) try_again(work_again_);
}

bool Courier::turn(Does does) {
    tell();
    if (!does.take && !doubts_all_ && answered_.empty() && named_.empty() && !(does.say && sayable())) return true;
    Turn turn;
    try {
        store::WriteTxn txn(parts_.env);
        if (doubts_all_) outbox_.doubt_all(txn);  // first: what comes now was never said
        if (does.take)
            for (const auto& followed : arrived_) store(txn, followed, turn);
        for (const auto& [id, native_id] : named_) parts_.identities.put_native(txn, id.room, native_id, id.event);
        for (const auto& key : answered_) {
            const auto flight = flights_.find(key);
            if (flight == flights_.end()) continue;
            if (flight->second.complete()) {
                if (!flight->second.told) continue;
                turn.settled.push_back(key);
            }
            settle_one(txn, key, flight->second);
        }
        if (does.say && platform_ != nullptr)
            for (const auto& room : outbox_.rooms())
                if (speakable_(room)) say(txn, room, turn);
        keep_refusals();
        txn.commit();
    } catch (const store::Failure& failure) {
        parts_.dead_letters.nothing_in_hand();
        complain(failure);
        undo(turn);
        return false;
    }
    carry_out(std::move(turn), does);
    return true;
}

void Courier::undo(const Turn& turn) {
    outbox_.reload();
    for (const auto& key : turn.settled) outbox_.still_sent(key.second, flights_[key].ordinal);
    for (const auto& key : turn.started) {
        outbox_.put_back(key.second, flights_[key].ordinal);
        flights_.erase(key);
    }
}

// It stays marked as sent on disk: whoever finds it there cannot know better.
void Courier::put_off(Turn& turn) {
    const auto waits = [&](const std::string& room) { return turn.cut_first.contains(room); };
    std::erase_if(turn.started, [&](const FlightKey& key) {
        if (!waits(key.second)) return false;
        outbox_.put_back(key.second, flights_[key].ordinal);
        flights_.erase(key);
        return true;
    });
    std::erase_if(turn.out, [&](const Delivery& delivery) { return waits(delivery.id.room); });
    try_again(work_again_);
}

void Courier::carry_out(Turn turn, Does does) {
    better();
    doubts_all_ = false;
    named_.clear();
    if (!turn.not_taken.empty()) {
        untold_.insert(untold_.end(), turn.not_taken.begin(), turn.not_taken.end());
        tell();
    }
    if (does.take) {
        stored_ = arrived_.back().event.sequence;
        arrived_.clear();
        sync_soon();
    }
    if (!turn.cut_first.empty() && !sync()) put_off(turn);
    // Those that are complete and not told wait for tell_again_, the others for more answers.
    std::erase_if(answered_, [&](const FlightKey& key) {
        const auto flight = flights_.find(key);
        return flight == flights_.end() || !flight->second.complete() || flight->second.told;
    });
    for (const auto& key : turn.started)
        if (flights_[key].complete()) answered_.insert(key), work_soon();
    for (const auto& key : turn.settled) {
        const auto found = flights_.find(key);
        const auto parts = static_cast<std::uint32_t>(found->second.answers.size());
        flights_.erase(found);
        for (std::uint32_t part = 0; part < parts; ++part) platform_->settled({key.first, key.second, part});
    }
    for (const auto& delivery : turn.out) {
        if (!flights_.contains({delivery.id.event, delivery.id.room})) continue;  // the link may go while we speak
        parts_.dead_letters.in_hand(delivery.id.event, delivery.id.room);
        platform_->deliver(delivery);
        parts_.dead_letters.nothing_in_hand();
    }
    if (!turn.settled.empty() && sayable()) work_soon();  // what waited for one of them
}

// -- in: from the broker to the disk ---------------------------------------------------------------------------------

void Courier::store(store::WriteTxn& txn, const bus::Followed& followed, Turn& turn) {
    const auto& event = followed.event;
    for (const auto& recipient : followed.recipients) {
        if (event.hops >= hops_max) {
            service::log::warning("a message goes in a circle and is not passed on",
                                  {{"event", event.id.text()}, {"room", recipient.text()}});
            continue;
        }
        if (parts_.dead_letters.has(event.id, recipient.room)) {
            parts_.dead_letters.keep(event, recipient.room);
            turn.not_taken.push_back({event.id, recipient.room, event.origin.visibility, bus::DeadLetters::why()});
            continue;
        }
        parts_.dead_letters.in_hand(event.id, recipient.room);
        bool refused = false;
        if (!outbox_.add(txn, recipient.room, event, refused, event.sequence <= doubt_until_, parts_.clock.steady())) continue;
        if (is_late(event, parts_.clock.now())) {
            auto& late = late_[recipient.room];
            late.last = parts_.clock.steady();
            if (late.first == service::Steady{}) late.first = late.last;
        }
        if (refused)
            turn.not_taken.push_back({event.id, recipient.room, event.origin.visibility, "too much waited for this room"});
        else
            remember(txn, recipient.room, event);
    }
    parts_.dead_letters.nothing_in_hand();
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

void Courier::sync_soon() {
    const bool soon = stored_ - acknowledged_ >= unacknowledged_max;
    if (sync_timer_ && (sync_is_soon_ || !soon)) return;
    sync_is_soon_ = soon;
    sync_timer_ = parts_.reactor.after(soon ? std::chrono::milliseconds(1) : sync_within, [this] { sync(); });
}

bool Courier::sync() {
    sync_timer_ = {};
    sync_is_soon_ = false;
    try {
        keep_refusals();
        parts_.env.sync();
    } catch (const store::Failure& failure) {
        complain(failure);
        sync_timer_ = parts_.reactor.after(retry_after, [this] { sync(); });
        return false;
    }
    better();
    if (stored_ == acknowledged_) return true;
    if (untold_.empty()) parts_.client.acknowledge(acknowledged_ = stored_);
    else sync_soon();
    return true;
}

// -- what the platform answers ---------------------------------------------------------------------------------------

void Courier::answer(const DeliveryId& id, std::string native_id, std::string refusal) {
    const FlightKey key{id.event, id.room};
    const auto found = flights_.find(key);
    if (found == flights_.end() || id.part >= found->second.answers.size()) return;  // from before the link went
    auto& flight = found->second;
    if (flight.answers[id.part]) return;
    flight.answers[id.part] = std::move(native_id);
    flight.answered = parts_.clock.steady();
    if (!refusal.empty()) flight.refused_from = std::min<std::size_t>(flight.refused_from, id.part);
    if (!refusal.empty() && flight.refusal.empty()) {
        const auto parts = flight.answers.size();
        flight.refusal =
            parts == 1 ? std::move(refusal) : fmt::format("part {} of {}: {}", id.part + 1, parts, refusal);
    }
    answered_.insert(key);
    work_soon();
}

void Courier::known_as(const DeliveryId& id, const std::string& native_id) {
    if (named_.size() == named_max) return;  // then a reaction to it may name nothing
    named_.emplace_back(id, native_id);
    work_soon();
}

// Receipts are written before the outbox lets go of what they are about: if we die in between they are said twice, and
// count once. Those of one turn in one room are one event.
void Courier::tell() {
    std::map<std::pair<std::string, bus::Visibility>, std::vector<std::pair<Flight*, Delivered>>> rooms;
    std::erase_if(untold_, [&](const NotTaken& one) {
        return tell_refusal(one.room, one.visibility, {one.event, {}, {}}, one.why);
    });
    bool later = !untold_.empty();
    for (const auto& key : answered_) {
        const auto found = flights_.find(key);
        if (found == flights_.end() || !found->second.complete() || found->second.told) continue;
        auto& flight = found->second;
        Delivered delivered{key.first, {}, flight.passage()};
        for (const auto& answer : flight.answers)
            if (!answer->empty()) delivered.native_ids.push_back(*answer);
        const auto visibility = flight.event.origin.visibility;
        if (flight.answers.empty()) {
            flight.told = true;
        } else if (flight.refusal.empty()) {
            rooms[{key.second, visibility}].emplace_back(&flight, std::move(delivered));
        } else {
            flight.told = tell_refusal(key.second, visibility, std::move(delivered), flight.refusal);
            later = later || !flight.told;
        }
    }
    for (auto& [where, flights] : rooms) {
        std::vector<Delivered> delivered;
        for (auto& [flight, one] : flights) delivered.push_back(std::move(one));
        const auto told = parts_.intake.receipts(where.first, where.second, std::move(delivered));
        for (std::size_t i = 0; i < told; ++i) flights[i].first->told = true;
        later = later || told < flights.size();
    }
    if (later && !tell_again_) try_again(tell_again_);
}

bool Courier::tell_refusal(const std::string& room, bus::Visibility visibility, Delivered refused, std::string why) {
    const bool told = parts_.intake.refusal(room, visibility, std::move(refused), std::move(why));
    refusal_told_ = refusal_told_ || told;
    return told;
}

// Nothing else tells what was refused: it must outlive a power cut as what is done here does.
void Courier::keep_refusals() {
    if (refusal_told_) parts_.intake.sync();
    refusal_told_ = false;
}

void Courier::settle_one(store::WriteTxn& txn, const FlightKey& key, const Flight& flight) {
    std::vector<std::string> first;
    for (std::size_t i = 0; i < flight.answers.size() && flight.answers[i]; ++i) first.push_back(*flight.answers[i]);
    if (!flight.complete()) {  // a refusal is known to this process alone: the next one asks for that part again
        first.resize(std::min(first.size(), flight.refused_from));
        return outbox_.answered(txn, flight.ordinal, first);
    }
    outbox_.done(txn, flight.ordinal);
    outbox_.forget(key.second, flight.ordinal);
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
