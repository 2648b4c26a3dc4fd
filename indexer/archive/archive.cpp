#include "indexer/archive/archive.h"

#include "indexer/archive/records.h"

namespace parley::archive {

using namespace records;

namespace {

constexpr std::string_view last_sequence_key = "last_sequence";
constexpr std::size_t known_max = 100000;
constexpr unsigned archive_format = 2;  // 1 had no generations
constexpr std::size_t generation_keys = 4096;

// Rooms and their talk: what a room's page shows.
bool shown_in_room(const bus::Event& event) {
    return !std::holds_alternative<bus::Receipt>(event.body) && !std::holds_alternative<bus::RunStarted>(event.body) &&
           !std::holds_alternative<bus::Unknown>(event.body);
}

}  // namespace

Archive::Tables::Tables(store::Env& env)
    : log(env, "log"), ids(env, "ids", generation_keys), natives(env, "natives", generation_keys), deliveries(env, "deliveries", generation_keys),
      room_times(env, "room_times"), runs(env, "runs"), commands(env, "commands"), targets(env, "targets"), names(env, "names"), members(env, "members"), meta(env, "meta") {}

Archive::Archive(const std::filesystem::path& folder, std::uint64_t map_bytes)
    : env_(folder, {.map_bytes = map_bytes, .tables_max = 32, .sync = store::Sync::on_demand, .format = archive_format, .same_from = 1}), tables_(env_) {}

bus::Sequence Archive::last_sequence() const {
    const store::ReadTxn txn(env_);
    return store::number_of(tables_.meta.get(txn, last_sequence_key).value_or(""));
}

std::size_t Archive::append(std::span<const bus::Event> events, bus::DeadLetters* dead_letters) {
    store::WriteTxn txn(env_);
    auto last = store::number_of(tables_.meta.get(txn, last_sequence_key).value_or(""));
    std::size_t stored = 0;
    for (const auto& event : events) {
        if (event.sequence <= last) continue;
        if (dead_letters != nullptr && dead_letters->has(event.id)) {
            dead_letters->keep(event);
            keep(txn, event);
        } else {
            if (dead_letters != nullptr) dead_letters->in_hand(event.id);
            put(txn, event);
        }
        last = event.sequence;
        ++stored;
    }
    if (dead_letters != nullptr) dead_letters->nothing_in_hand();
    if (stored == 0) return 0;
    tables_.meta.put(txn, last_sequence_key, store::key_of(last));
    commit(txn);
    return stored;
}

void Archive::commit(store::WriteTxn& txn) {
    try {
        txn.commit();
    } catch (...) {  // The numbers given in this transaction never came to be.
        known_names_.clear();
        known_members_.clear();
        throw;
    }
}

void Archive::keep(store::WriteTxn& txn, const bus::Event& event) {
    const auto sequence = store::key_of(event.sequence);
    tables_.log.append(txn, sequence, log_value(event));
    tables_.ids.put_new(txn, event.id.view(), sequence);
}

void Archive::link(const bus::Event& event) {
    store::WriteTxn txn(env_);
    put_found_by(txn, event);
    commit(txn);
    env_.sync();
}

void Archive::put(store::WriteTxn& txn, const bus::Event& event) {
    keep(txn, event);
    put_found_by(txn, event);
}

void Archive::put_found_by(store::WriteTxn& txn, const bus::Event& event) {
    const auto sequence = store::key_of(event.sequence);
    if (!event.origin.native_id.empty() && std::holds_alternative<bus::Message>(event.body)) {
        tables_.natives.put_new(txn, native_key(event.origin.room, event.origin.native_id), sequence);
    }
    put_links(txn, event, sequence);
}

void Archive::put_links(store::WriteTxn& txn, const bus::Event& event, std::string_view sequence) {
    if (shown_in_room(event)) {
        const auto room = number_of(txn, NameKind::room, event.origin.room.text());
        tables_.room_times.put(txn, room_time_key(room, event.time, sequence), "");
    }
    if (const auto run = run_of(event)) tables_.runs.put(txn, std::string(run.view()) + std::string(sequence), "");
    if (const auto* target = target_of(event)) put_target(txn, event, *target, sequence);
    if (const auto* receipt = std::get_if<bus::Receipt>(&event.body)) {
        put_delivered(txn, event, receipt->delivered, receipt->native_ids, sequence);
        for (const auto& other : receipt->others) put_delivered(txn, event, other.event, other.native_ids, sequence);
    }
    if (const auto* request = std::get_if<bus::CommandRequested>(&event.body)) {
        number_of(txn, NameKind::command, request->command);
        tables_.commands.put(txn, command_key(request->command) + std::string(sequence), "");
    }
    if (std::holds_alternative<bus::Message>(event.body)) {
        number_of(txn, NameKind::author, event.author.name);
        put_member(txn, event.origin.room, event.author.id);
    }
    if (const auto* membership = std::get_if<bus::Membership>(&event.body)) put_member(txn, event.origin.room, membership->id);
}

// Keyed by the target's event id; by its native id's hash where the target is not here yet. View::about asks for both.
void Archive::put_target(store::WriteTxn& txn, const bus::Event& event, const bus::Reference& target, std::string_view sequence) {
    std::string key(target.event.view());
    if (!target.event) {
        key = native_key(event.origin.room, target.native_id);
        if (const auto found = tables_.natives.get(txn, key)) {
            const std::string at(*found);
            if (const auto value = tables_.log.get(txn, at)) {
                if (const auto about = event_from(at, *value)) key = std::string(about->id.view());
            }
        }
    }
    tables_.targets.put(txn, key + std::string(sequence), "");
}

// A receipt of one event is found by its id; of several, by each of them.
void Archive::put_delivered(store::WriteTxn& txn, const bus::Event& receipt, const bus::EventId& delivered,
                            const std::vector<std::string>& native_ids, std::string_view sequence) {
    if (!std::get<bus::Receipt>(receipt.body).others.empty())
        tables_.deliveries.put(txn, std::string(delivered.view()).append(sequence), "");
    if (native_ids.empty()) return;
    const auto where = std::string(tables_.ids.get(txn, delivered.view()).value_or(""));
    if (where.empty()) return;
    for (const auto& native : native_ids) tables_.natives.put_new(txn, native_key(receipt.origin.room, native), where);
}

void Archive::put_member(store::WriteTxn& txn, const bus::RoomAddress& room, std::string_view who) {
    if (who.empty()) return;
    const auto number = four_bytes(number_of(txn, NameKind::room, room.text()));
    if (known_members_.size() >= known_max) known_members_.clear();
    if (known_members_.insert(number + std::string(who)).second) tables_.members.put_new(txn, person_key(room.account, who) + number, "");
}

std::uint32_t Archive::number_of(store::WriteTxn& txn, NameKind kind, std::string_view name) {
    auto known_as = std::string(1, static_cast<char>(kind)).append(name);
    if (const auto known = known_names_.find(known_as); known != known_names_.end()) return known->second;
    const auto key = number_by_name_key(kind, name);
    std::uint32_t number = 0;
    if (const auto found = tables_.names.get(txn, key)) {
        number = from_four_bytes(*found);
    } else {
        const std::string counter = std::string("names_") + static_cast<char>('0' + static_cast<int>(kind));
        number = static_cast<std::uint32_t>(store::number_of(tables_.meta.get(txn, counter).value_or(""))) + 1;
        tables_.meta.put(txn, counter, store::key_of(number));
        tables_.names.put(txn, key, four_bytes(number));
        tables_.names.put(txn, name_by_number_key(kind, number), name);
    }
    if (known_names_.size() >= known_max) known_names_.clear();
    known_names_.emplace(std::move(known_as), number);
    return number;
}

}  // namespace parley::archive
