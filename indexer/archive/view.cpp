#include "indexer/archive/view.h"

#include <algorithm>

#include "indexer/archive/records.h"

namespace parley::archive {

using namespace records;
using service::Code;

bus::Sequence View::last_sequence() const { return store::number_of(tables_.meta.get(txn_, "last_sequence").value_or("")); }

std::optional<bus::Event> View::at(std::string_view sequence_key) const {
    const auto value = tables_.log.get(txn_, sequence_key);
    return value ? event_from(sequence_key, *value) : std::nullopt;
}

std::optional<bus::Event> View::event(bus::Sequence sequence) const { return at(store::key_of(sequence)); }

std::optional<bus::Event> View::event(const bus::EventId& id) const {
    const auto sequence = tables_.ids.get(txn_, id.view());
    return sequence ? at(*sequence) : std::nullopt;
}

service::Result<bus::Event> View::find(std::string_view id) const {
    std::string text(id);
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto least = bus::EventId::from_text(text + std::string(text.size() < 26 ? 26 - text.size() : 0, '0'));
    if (text.size() < 4 || !least) {
        return service::fail(Code::invalid, "\"" + std::string(id.substr(0, 40)) + "\" is not an id", "an id is 26 characters of 0-9 and a-z, or the first of them, four at least");
    }
    const auto begins_so = least->text().substr(0, text.size());
    std::optional<std::string> found;
    bool several = false;
    // Five bits to a character: the bytes that are whole with those given.
    tables_.ids.each_with_prefix(txn_, least->view().substr(0, std::min(text.size() * 5 / 8, least->view().size())), [&](std::string_view key, std::string_view value) {
        const auto here = bus::EventId::from_bytes(key);
        if (!here || !here->text().starts_with(begins_so)) return true;
        several = found.has_value();
        found = std::string(value);
        return !several;
    });
    if (several) return service::fail(Code::conflict, "several ids begin with " + begins_so, "write more of it");
    auto event = found ? at(*found) : std::nullopt;
    if (!event) return service::fail(Code::not_found, "nothing here has the id " + std::string(id));
    return std::move(*event);
}

std::optional<bus::Event> View::native(const bus::RoomAddress& room, std::string_view native_id) const {
    const auto sequence = tables_.natives.get(txn_, native_key(room, native_id));
    return sequence ? at(*sequence) : std::nullopt;
}

std::vector<bus::Event> View::about(const bus::Event& event) const {
    constexpr std::size_t about_max = 1000;
    std::vector<bus::Event> out;
    const auto collect = [&](std::string_view target) {
        store::each_with_prefix(txn_, tables_.targets, target, [&](std::string_view key, std::string_view) {
            if (key.size() == 24) {
                if (auto found = at(key.substr(16))) out.push_back(std::move(*found));
            }
            return out.size() < about_max;
        });
    };
    collect(event.id.view());
    if (!event.origin.native_id.empty()) collect(native_key(event.origin.room, event.origin.native_id));
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    return out;
}

std::optional<bus::Event> View::receipt(const bus::EventId& delivered, const bus::RoomAddress& room) const {
    if (auto alone = event(bus::receipt_id(room, {delivered, {}, {}, {}}))) return alone;
    std::optional<bus::Event> found;
    tables_.deliveries.each_with_prefix(txn_, delivered.view(), [&](std::string_view key, std::string_view) {
        auto one = key.size() == 24 ? at(key.substr(16)) : std::nullopt;
        if (one && one->origin.room == room) found = std::move(*one);
        return !found;
    });
    return found ? found : event(bus::receipt_id(room, {delivered, {}, "refused", {}}));
}

Standing View::standing(const bus::Event& event) const {
    Standing out;
    if (const auto* message = std::get_if<bus::Message>(&event.body)) out.text = message->text;
    if (const auto* topic = std::get_if<bus::Topic>(&event.body)) out.text = topic->text;
    for (const auto& later : about(event)) {
        if (std::holds_alternative<bus::Redaction>(later.body)) out.redacted = true;
        const auto* edit = std::get_if<bus::Edit>(&later.body);
        if (edit != nullptr && edit->revision >= out.revision) out.text = edit->text, out.revision = edit->revision;
    }
    if (out.redacted) out.text = {};
    return out;
}

std::optional<bus::Event> View::target(const bus::Event& about) const {
    const auto* target = target_of(about);
    if (target == nullptr) return std::nullopt;
    return target->event ? event(target->event) : native(about.origin.room, target->native_id);
}

void View::before(const bus::RoomAddress& room, Place place, const Visit& visit) const {
    const auto number = this->number(NameKind::room, room.text());
    if (!number) return;
    store::Cursor cursor(txn_, tables_.room_times);
    const auto prefix = four_bytes(*number);
    bool more = cursor.seek_before(room_time_key(*number, place.time, store::key_of(place.sequence)));
    for (; more && cursor.key().starts_with(prefix); more = cursor.previous()) {
        const auto event = at(cursor.key().substr(12));
        if (event && !visit(*event)) return;
    }
}

void View::after(const bus::RoomAddress& room, Place place, const Visit& visit) const {
    const auto number = this->number(NameKind::room, room.text());
    if (!number) return;
    store::Cursor cursor(txn_, tables_.room_times);
    const auto prefix = four_bytes(*number);
    bool more = cursor.seek(room_time_key(*number, place.time, store::key_of(place.sequence + 1)));
    for (; more && cursor.key().starts_with(prefix); more = cursor.next()) {
        const auto event = at(cursor.key().substr(12));
        if (event && !visit(*event)) return;
    }
}

void View::each(bus::Sequence after, const Visit& visit) const {
    store::Cursor cursor(txn_, tables_.log);
    for (bool more = cursor.seek(store::key_of(after + 1)); more; more = cursor.next()) {
        const auto event = event_from(cursor.key(), cursor.value());
        if (event && !visit(*event)) return;
    }
}

std::optional<Run> View::run(const bus::EventId& id, std::size_t output_max) const {
    auto requested = event(id);
    if (!requested || !std::holds_alternative<bus::CommandRequested>(requested->body)) return std::nullopt;
    Run out{.requested = std::move(*requested), .started = {}, .finished = {}, .output = {}};
    store::each_with_prefix(txn_, tables_.runs, id.view(), [&](std::string_view key, std::string_view) {
        auto part = at(key.substr(16));
        if (!part) return true;
        if (std::holds_alternative<bus::RunStarted>(part->body)) out.started = std::move(*part);
        else if (std::holds_alternative<bus::RunFinished>(part->body)) out.finished = std::move(*part);
        else if (std::holds_alternative<bus::RunOutput>(part->body)) out.output.push_back(std::move(*part));
        if (out.output.size() > output_max) out.output.erase(out.output.begin() + static_cast<std::ptrdiff_t>(output_max / 2));
        return true;
    });
    return out;
}

void View::requests(std::string_view command, const Visit& visit) const {
    const auto prefix = command_key(command);
    store::Cursor cursor(txn_, tables_.commands);
    bool more = cursor.seek_before(prefix + std::string(8, '\xff'));
    for (; more && cursor.key().starts_with(prefix); more = cursor.previous()) {
        const auto event = at(cursor.key().substr(16));
        if (event && !visit(*event)) return;
    }
}

std::string View::name(NameKind kind, std::uint32_t number) const {
    return std::string(tables_.names.get(txn_, name_by_number_key(kind, number)).value_or(""));
}

std::optional<std::uint32_t> View::number(NameKind kind, std::string_view name) const {
    const auto found = tables_.names.get(txn_, number_by_name_key(kind, name));
    return found ? std::optional(from_four_bytes(*found)) : std::nullopt;
}

std::vector<std::pair<std::uint32_t, std::string>> View::names(NameKind kind) const {
    std::vector<std::pair<std::uint32_t, std::string>> out;
    store::each_with_prefix(txn_, tables_.names, std::string(1, static_cast<char>(kind)) + "n", [&](std::string_view key, std::string_view value) {
        out.emplace_back(from_four_bytes(key.substr(2)), std::string(value));
        return true;
    });
    return out;
}

std::vector<std::uint32_t> View::rooms_of(std::string_view account, std::string_view id) const {
    std::vector<std::uint32_t> out;
    store::each_with_prefix(txn_, tables_.members, person_key(account, id), [&](std::string_view key, std::string_view) {
        out.push_back(from_four_bytes(key.substr(16)));
        return true;
    });
    return out;
}

}  // namespace parley::archive
