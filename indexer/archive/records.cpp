#include "indexer/archive/records.h"

#include "broker/bus/codec.h"

namespace parley::archive::records {
namespace {

std::string hashed(std::initializer_list<std::string_view> parts) { return std::string(bus::derived_id(parts).view()); }

constexpr std::uint64_t zero_time = std::uint64_t{1} << 63;  // times before 1970 sort before it

}  // namespace

std::string four_bytes(std::uint32_t number) { return store::key_of(number).substr(4); }

std::uint32_t from_four_bytes(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char c : bytes.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::string log_value(const bus::Event& event) {
    return store::key_of(static_cast<std::uint64_t>(event.journaled.time_since_epoch().count())) + bus::encode(event);
}

std::optional<bus::Event> event_from(std::string_view sequence_key, std::string_view value) {
    if (value.size() < 8) return std::nullopt;
    auto event = bus::decode(value.substr(8));
    if (!event) return std::nullopt;
    event->sequence = store::number_of(sequence_key);
    event->journaled = service::Time(std::chrono::microseconds(static_cast<std::int64_t>(store::number_of(value))));
    return std::move(*event);
}

std::string native_key(const bus::RoomAddress& room, std::string_view native_id) { return hashed({room.account, room.room, native_id}); }
std::string person_key(std::string_view account, std::string_view id) { return hashed({account, id}); }
std::string command_key(std::string_view command) { return hashed({command}); }

std::string name_by_number_key(NameKind kind, std::uint32_t number) {
    return std::string(1, static_cast<char>(kind)) + "n" + four_bytes(number);
}

std::string number_by_name_key(NameKind kind, std::string_view name) {
    return std::string(1, static_cast<char>(kind)) + "t" + hashed({name});
}

std::string room_time_key(std::uint32_t room, service::Time time, std::string_view sequence) {
    const auto micros = static_cast<std::uint64_t>(time.time_since_epoch().count()) + zero_time;
    return four_bytes(room) + store::key_of(micros) + std::string(sequence);
}

bus::EventId run_of(const bus::Event& event) {
    if (std::holds_alternative<bus::CommandRequested>(event.body)) return event.id;
    if (const auto* started = std::get_if<bus::RunStarted>(&event.body)) return started->run;
    if (const auto* output = std::get_if<bus::RunOutput>(&event.body)) return output->run;
    if (const auto* finished = std::get_if<bus::RunFinished>(&event.body)) return finished->run;
    return event.correlation;
}

const bus::Reference* target_of(const bus::Event& event) {
    if (const auto* edit = std::get_if<bus::Edit>(&event.body)) return &edit->target;
    if (const auto* redaction = std::get_if<bus::Redaction>(&event.body)) return &redaction->target;
    if (const auto* reaction = std::get_if<bus::Reaction>(&event.body)) return &reaction->target;
    return nullptr;
}

}  // namespace parley::archive::records
