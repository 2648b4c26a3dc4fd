#include "bridges/kit/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "bridges/kit/pack.h"
#include "bridges/kit/split.h"
#include "broker/bus/codec.h"
#include "broker/service/log.h"

namespace parley::kit {
namespace {

using bus::Event;
using bus::Kind;
using service::Code;
using service::Error;

constexpr std::size_t recent_max = 65536;
constexpr auto retry_every = std::chrono::seconds(1);
constexpr auto late_most = std::chrono::minutes(10);  // on its way; beyond it somebody's clock is wrong
// Nobody waits for a receipt, but each commit of the broker that has only one in it delays somebody's message.
constexpr auto receipts_within = std::chrono::milliseconds(20);
// Of one event: so that it stays far below what an event may be.
constexpr std::size_t receipt_events_max = 256, receipt_bytes_max = 64 << 10;

std::uint32_t revision_of(const Event& event) {
    const auto* edit = std::get_if<bus::Edit>(&event.body);
    return edit == nullptr ? 0 : edit->revision;
}

bus::EventId id_of(const std::string& account, const Event& event) {
    return bus::derived_id({account, event.origin.room.room, event.origin.native_id, bus::name(event.kind()),
                            std::to_string(revision_of(event))});
}

// What a platform can find its place by: who comes and goes, or reacts, has ids of ours.
bool in_history(Kind kind) { return kind == Kind::message || kind == Kind::edit || kind == Kind::redaction; }

template <class AnEvent>  // const or not
auto reference_in(AnEvent& event) -> decltype(&std::get_if<bus::Edit>(&event.body)->target) {
    if (auto* message = std::get_if<bus::Message>(&event.body)) return &message->reply_to;
    if (auto* edit = std::get_if<bus::Edit>(&event.body)) return &edit->target;
    if (auto* redaction = std::get_if<bus::Redaction>(&event.body)) return &redaction->target;
    if (auto* reaction = std::get_if<bus::Reaction>(&event.body)) return &reaction->target;
    return nullptr;
}

}  // namespace

Intake::Intake(Parts parts, std::string account, std::filesystem::path spool_file, Limits limits)
    : parts_(parts),
      account_(std::move(account)),
      spool_(std::move(spool_file), limits.spool_bytes_max),
      seen_table_(parts.env, "seen"),
      held_bytes_max_(limits.held_bytes_max) {
    const store::ReadTxn txn(parts_.env);
    store::Cursor cursor(txn, seen_table_);
    for (bool more = cursor.first(); more; more = cursor.next()) {
        const auto fields = unpack(cursor.value());
        if (!fields || fields->size() != 3) continue;
        const auto micros = static_cast<std::int64_t>(store::number_of((*fields)[2]));
        seen_[std::string((*fields)[0])] = {std::string((*fields)[1]),
                                            service::Time(std::chrono::microseconds(micros))};
    }
}

void Intake::publish_recovered() {
    for (auto& entry : spool_.recover()) {
        recent_.insert(entry.event.id);
        recent_order_.push_back(entry.event.id);
        remember(entry.event);  // that life may have ended before it was written
        auto bytes = bus::encode(entry.event);
        under_way_.emplace(entry.ordinal, std::move(entry.event));
        publish(entry.ordinal, std::move(bytes));
    }
}

void Intake::received(Event event) {
    if (const auto* missing = std::get_if<bus::Gap>(&event.body)) {
        gap(event.origin.room.room, missing->from, missing->to, missing->why);
        return;
    }
    auto& origin = event.origin;
    origin.room.account = account_;
    if (origin.visibility != bus::Visibility::direct) origin.visibility = parts_.house.visibility(origin.room);
    event.received = parts_.clock.now();
    if (event.time == service::Time{}) event.time = event.received;
    keep_order(event);
    // Without a native id it would count as said by us, and come back to its own room.
    if (origin.native_id.empty()) origin.native_id = "kit-" + parts_.random.token(12);
    event.id = id_of(account_, event);
    if (const auto* reference = reference_in(event); reference != nullptr && !reference->event && !reference->native_id.empty())
        write_remembered();
    {
        const store::ReadTxn txn(parts_.env);
        if (is_echo(event, txn)) {
            ++echoes_;
            return;
        }
        resolve(event, txn);
    }
    const auto id = event.id;
    if (recent_.contains(id) || !submit(std::move(event))) return;
    recent_.insert(id);
    recent_order_.push_back(id);
    if (recent_order_.size() > recent_max) {
        recent_.erase(recent_order_.front());
        recent_order_.pop_front();
    }
}

// What comes late over a slow wire has the time at which it came, and what a history tells of next the time at which it was
// said: whoever sorts by time would turn them round.
void Intake::keep_order(Event& event) {
    const auto& room = event.origin.room.room;
    auto [last, first] = said_last_.try_emplace(room);
    if (const auto seen = seen_.find(room); first && seen != seen_.end()) last->second = seen->second.time;
    if (event.time < last->second && last->second - event.time < late_most) event.time = last->second;
    last->second = std::max(last->second, std::min(event.time, event.received));
}

bool Intake::refers(const Event& event) {
    const auto* reference = reference_in(event);
    return reference != nullptr && !reference->event && !reference->native_id.empty();
}

void Intake::resolve(Event& event, const store::Txn& txn) const {
    if (!refers(event)) return;
    auto* reference = reference_in(event);
    if (const auto known = parts_.identities.event_of(txn, event.origin.room.room, reference->native_id))
        reference->event = *known;
}

// A native id that stands for something we delivered. Where a platform gives an edit the id of its message, that
// message, if it was born here, is no echo; and anyone's redaction may carry the id of our message.
bool Intake::is_echo(const Event& event, const store::Txn& txn) const {
    const auto& room = event.origin.room.room;
    const auto known = parts_.identities.event_of(txn, room, event.origin.native_id);
    if (!known || *known == event.id) return false;
    const auto message = parts_.identities.find(txn, *known, room);
    if (event.kind() == Kind::redaction) return !message;
    return !message || message->ours;
}

// What a turn of the reactor brought is written in one transaction.
void Intake::remember(const Event& event) {
    if (event.kind() != Kind::message && event.kind() != Kind::edit) return;
    remembered_.push_back(event);
    if (!remember_soon_) remember_soon_ = parts_.reactor.after(std::chrono::microseconds(0), [this] { write_remembered(); });
}

bool Intake::write_remembered() {
    remember_soon_ = {};
    if (remembered_.empty()) return true;
    try {
        store::WriteTxn txn(parts_.env);
        for (const auto& event : remembered_) write(txn, event);
        txn.commit();
    } catch (const store::Failure& failure) {  // they are in the spool, and wait here for the way back to them
        const bool first = !holding();
        unwritten_ = true;
        if (first) hold_changed({Code::io, failure.what(), "make room on the disk"});
        try_again_soon();
        return false;
    }
    remembered_.clear();
    unwritten_ = false;
    return true;
}

void Intake::write(store::WriteTxn& txn, const Event& event) {
    const auto& room = event.origin.room.room;
    if (const auto* edit = std::get_if<bus::Edit>(&event.body))
        return parts_.identities.set_excerpt(txn, room, edit->target.event, excerpt(edit->text.plain));
    const auto* message = std::get_if<bus::Message>(&event.body);
    if (message == nullptr || parts_.identities.find(txn, event.id, room)) return;
    parts_.identities.put(txn, room,
                          {event.id,
                           {event.origin.native_id},
                           event.author.id,
                           event.author.name,
                           excerpt(message->text.plain),
                           false,
                           {}});
}

bool Intake::gap(const std::string& room, service::Time from, service::Time to, std::string why) {
    Event event;
    event.origin.room = {account_, room};
    // Two absences may begin at the same last sign of life, if the first return was not noted before the second began.
    event.origin.native_id = fmt::format("gap-{}-{}", from.time_since_epoch().count(), to.time_since_epoch().count());
    event.origin.visibility = parts_.house.visibility(event.origin.room);
    event.author = bus::ourselves(parts_.house.name);
    event.time = event.received = parts_.clock.now();
    event.body = bus::Gap{from, to, std::move(why)};
    event.id = id_of(account_, event);
    return submit(std::move(event));
}

std::size_t Intake::receipts(const std::string& room, bus::Visibility visibility, std::vector<Delivered> delivered) {
    for (std::size_t done = 0; done < delivered.size();) {
        auto end = done;
        for (std::size_t bytes = 0; end < delivered.size() && end - done < receipt_events_max && bytes < receipt_bytes_max; ++end)
            for (const auto& native_id : delivered[end].native_ids) bytes += native_id.size();
        const auto first = delivered.begin() + static_cast<std::ptrdiff_t>(done), last = delivered.begin() + static_cast<std::ptrdiff_t>(end);
        bus::Receipt receipt{first->event, first->native_ids, {}, {first + 1, last}, first->passage};
        if (!keep_receipt(room, visibility, std::move(receipt))) return done;
        done = end;
    }
    return delivered.size();
}

bool Intake::refusal(const std::string& room, bus::Visibility visibility, Delivered refused, std::string why) {
    return keep_receipt(room, visibility, {refused.event, std::move(refused.native_ids), std::move(why), {}, refused.passage});
}

bool Intake::keep_receipt(const std::string& room, bus::Visibility visibility, bus::Receipt receipt) {
    Event event;
    event.origin.room = {account_, room};
    event.origin.visibility = visibility;
    event.author = bus::ourselves(parts_.house.name);
    event.time = event.received = parts_.clock.now();
    event.id = bus::receipt_id(event.origin.room, receipt);
    if (receipt.others.empty()) event.correlation = receipt.delivered;
    event.body = std::move(receipt);
    if (holding()) return false;
    auto bytes = bus::encode(event);
    const auto ordinal = spool_.add(event, bytes);
    if (!ordinal) return ordinal.error().code == Code::invalid;  // it never will be
    under_way_.emplace(*ordinal, std::move(event));
    receipts_.emplace_back(*ordinal, std::move(bytes));
    if (!receipts_soon_) receipts_soon_ = parts_.reactor.after(receipts_within, [this] { publish_receipts(); });
    return true;
}

void Intake::sync() {
    if (!spool_.unsynced_since()) return;
    if (const auto synced = spool_.sync(); !synced) throw store::Failure(synced.error().what, EIO);
}

void Intake::publish_receipts() {
    receipts_soon_ = {};
    for (auto& [ordinal, bytes] : std::exchange(receipts_, {})) publish(ordinal, std::move(bytes));
}

bool Intake::submit(Event event) {
    if (holding()) return hold_on(std::move(event), trouble_);
    const auto kept = keep(event);
    if (!kept && kept.error().code == Code::invalid) {  // it never will be
        no_room(event, kept.error());
        return false;
    }
    return kept || hold_on(std::move(event), kept.error());
}

// Into the spool at once, and then to the broker; into the identity map at the end of this turn. It takes the event, if it can.
service::Result<void> Intake::keep(Event& event) {
    auto bytes = bus::encode(event);
    const auto ordinal = spool_.add(event, bytes);
    if (!ordinal) return service::fail(ordinal.error());
    remember(event);
    under_way_.emplace(*ordinal, std::move(event));
    publish(*ordinal, std::move(bytes));
    return {};
}

bool Intake::hold_on(Event event, const Error& why) {
    const auto bytes = bus::encode(event).size();
    if (held_bytes_ + bytes > held_bytes_max_) {
        no_room(event, why);
        return false;
    }
    const bool first = !holding();
    held_bytes_ += bytes;
    held_.push_back(std::move(event));
    if (first) hold_changed(why);
    try_again_soon();
    return true;
}

void Intake::let_go() {
    if (!holding() || !write_remembered()) return;
    while (!held_.empty()) {
        auto& event = held_.front();
        const auto bytes = bus::encode(event).size();
        const auto kept = keep(event);
        if (!kept && kept.error().code != Code::invalid) {
            trouble_ = kept.error();
            return try_again_soon();
        }
        if (!kept) no_room(event, kept.error());
        held_.pop_front();
        held_bytes_ -= bytes;
    }
    hold_changed({});
}

void Intake::hold_changed(const Error& why) {
    trouble_ = why;
    if (why) service::log::error("nothing more is taken from the platform until there is room", {{"why", why.what}, {"hint", why.hint}});
    else service::log::info("there is room again; the platform is listened to");
    tell_ = parts_.reactor.after(std::chrono::microseconds(0), [this, held = bool(why)] {
        if (hold_) hold_(held);
    });
}

void Intake::no_room(const Event& event, const Error& why) {
    const auto& room = event.origin.room.room;
    if (const auto [lost, first] = lost_.try_emplace(room, Lost{event.time, event.time}); first) {
        service::log::error("what is said is not kept any more",
                            {{"room", room}, {"why", why.what}, {"hint", why.hint}});
    } else {
        lost->second.to = std::max(lost->second.to, event.time);
    }
    if (spool_.waiting() == 0) try_again_soon();
}

void Intake::say_what_was_lost() {
    const auto lost = std::move(lost_);
    lost_.clear();
    for (const auto& [room, stretch] : lost) {
        if (gap(room, stretch.from, stretch.to, "the broker was away for too long, or the disk was full")) continue;
        auto& still = lost_[room];
        still = {stretch.from, std::max(still.to, stretch.to)};
    }
}

void Intake::try_again_soon() {
    if (again_) return;
    again_ = parts_.reactor.after(retry_every, [this] {
        again_ = {};
        for (const auto ordinal : std::exchange(refused_, {})) publish(ordinal, bus::encode(under_way_.at(ordinal)));
        let_go();
        if (spool_.waiting() == 0 && !lost_.empty()) say_what_was_lost();
    });
}

void Intake::publish(std::uint64_t ordinal, std::string bytes) {
    if (!refused_.empty()) {  // in order: behind what is waiting
        refused_.insert(ordinal);
        return;
    }
    parts_.client.publish_encoded(std::move(bytes), [this, ordinal](service::Result<bus::Sequence> result) {
        if (result)
            published(ordinal);
        else
            not_published(ordinal, result.error());
    });
}

void Intake::published(std::uint64_t ordinal) {
    spool_.done(ordinal);
    last_refusal_ = {};
    const auto event = std::move(under_way_.extract(ordinal).mapped());
    const auto& origin = event.origin;
    if (in_history(event.kind()) && !origin.native_id.starts_with("kit-")) {
        auto& seen = seen_[origin.room.room];
        if (seen.native_id.empty() || event.time >= seen.time) {
            seen = {origin.native_id, event.time};
            moved_.insert(origin.room.room);
        }
    }
    if (spool_.waiting() == 0) let_go();
    if (spool_.waiting() == 0 && !lost_.empty()) say_what_was_lost();
}

void Intake::not_published(std::uint64_t ordinal, const Error& why) {
    if (why.code == Code::invalid || why.code == Code::unsupported) {  // it never will be
        const auto event = std::move(under_way_.extract(ordinal).mapped());
        service::log::error("the broker does not take an event",
                            {{"event", event.id.text()}, {"room", event.origin.room.text()}, {"why", why.what}});
        spool_.done(ordinal);
        if (event.kind() != Kind::gap && event.kind() != Kind::receipt)
            gap(event.origin.room.room, event.time, event.time, "the broker does not take it: " + why.what);
        return;
    }
    if (why != last_refusal_) {
        service::log::warning("the broker does not take events; trying again", {{"why", why.what}, {"hint", why.hint}});
    }
    last_refusal_ = why;
    refused_.insert(ordinal);
    try_again_soon();
}

std::optional<Seen> Intake::last_seen(const std::string& room) const {
    const auto seen = seen_.find(room);
    if (seen == seen_.end()) return std::nullopt;
    return seen->second;
}

void Intake::begins(const std::string& room, service::Time time) {
    if (seen_.try_emplace(room, Seen{{}, time}).second) moved_.insert(room);
}

service::Time Intake::kept_until(service::Time now, std::chrono::milliseconds most) {
    const auto since = spool_.unsynced_since();
    if (!since) return now;
    // Before the clock was set back: no marker of ours would begin early enough, so it is not to be lost.
    const bool set_back = now < *since;
    if (!set_back && now - *since < most) return *since;
    if (const auto synced = spool_.sync(); !synced) {
        service::log::error("what waits for the broker would not survive a power cut", {{"why", synced.error().what}, {"hint", synced.error().hint}});
        return *since;
    }
    return now;
}

void Intake::save(store::WriteTxn& txn) {
    for (const auto& room : moved_) {
        const auto& seen = seen_[room];
        const auto time = store::key_of(static_cast<std::uint64_t>(seen.time.time_since_epoch().count()));
        seen_table_.put(txn, bus::derived_id({"room", room}).view(), pack({room, seen.native_id, time}));
    }
    moved_.clear();
}

}  // namespace parley::kit
