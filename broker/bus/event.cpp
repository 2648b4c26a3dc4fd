// The names of what an event holds, as settings, page and API show them.
#include "broker/bus/event.h"

#include <array>

namespace parley::bus {
namespace {

// Names by number; what lies beyond is "unknown".
template <std::size_t N>
std::string_view at(const std::array<std::string_view, N>& names, std::size_t number) {
    return number < N ? names[number] : "unknown";
}
template <class E, std::size_t N>
std::optional<E> find(const std::array<std::string_view, N>& names, std::string_view name, std::size_t first = 0) {
    for (std::size_t i = first; i < N; ++i)
        if (names[i] == name) return static_cast<E>(i);
    return std::nullopt;
}

constexpr std::array<std::string_view, 13> kinds = {"unknown",     "message",    "edit",         "redaction",
                                                    "reaction",    "membership", "topic",        "command_requested",
                                                    "run_started", "run_output", "run_finished", "gap",
                                                    "receipt"};
static_assert(kinds.size() == std::variant_size_v<Body>, "a name for each kind");
constexpr std::array<std::string_view, 6> outcomes = {"succeeded", "failed", "timed_out", "cancelled", "denied", "lost"};
constexpr std::array<std::string_view, 4> visibilities = {"everyone", "members", "closed", "direct"};
constexpr std::array<std::string_view, 4> strengths = {"nickname", "account", "signed_in", "ourselves"};
constexpr std::array<std::string_view, 3> styles = {"plain", "action", "notice"};
constexpr std::array<std::string_view, 6> changes = {"join", "leave", "kick", "ban", "rename", "present"};
constexpr std::array<std::string_view, 3> streams = {"out", "err", "log"};

}  // namespace

std::optional<RoomAddress> RoomAddress::from_text(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return std::nullopt;
    return RoomAddress{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

std::string_view name(Visibility visibility) { return at(visibilities, static_cast<std::size_t>(visibility)); }
std::optional<Visibility> visibility_from(std::string_view name) { return find<Visibility>(visibilities, name); }
std::string_view name(Strength strength) { return at(strengths, static_cast<std::size_t>(strength)); }
std::string_view name(Outcome outcome) { return at(outcomes, static_cast<std::size_t>(outcome)); }
std::optional<Outcome> outcome_from(std::string_view name) { return find<Outcome>(outcomes, name); }
std::string_view name(Message::Style style) { return at(styles, static_cast<std::size_t>(style)); }
std::string_view name(Membership::Change change) { return at(changes, static_cast<std::size_t>(change)); }
std::string_view name(RunOutput::Stream stream) { return at(streams, static_cast<std::size_t>(stream)); }
std::string_view name(Kind kind) { return at(kinds, static_cast<std::size_t>(kind)); }
std::optional<Kind> kind_from(std::string_view name) { return find<Kind>(kinds, name, 1); }

Kind Event::kind() const {
    if (const auto* unknown = std::get_if<Unknown>(&body)) return static_cast<Kind>(unknown->kind);
    return static_cast<Kind>(body.index() + 1);
}

// The id stays the same whatever the settings call us, so that all we ever said has one author.
Author ourselves(std::string name) { return {"parley", std::move(name), Strength::ourselves, true, {}}; }

const std::vector<std::string>* native_ids_of(const Receipt& receipt, const EventId& delivered) {
    if (receipt.delivered == delivered) return &receipt.native_ids;
    for (const auto& other : receipt.others)
        if (other.event == delivered) return &other.native_ids;
    return nullptr;
}

const Passage* passage_of(const Receipt& receipt, const EventId& delivered) {
    if (receipt.delivered == delivered) return &receipt.passage;
    for (const auto& other : receipt.others)
        if (other.event == delivered) return &other.passage;
    return nullptr;
}

// Of several it is another one than of some of them: who says it again may have more to say by then.
EventId receipt_id(const RoomAddress& room, const Receipt& receipt) {
    if (receipt.others.empty()) {
        return derived_id({"receipt", room.account, room.room, receipt.delivered.view(), receipt.refusal.empty() ? "delivered" : "refused"});
    }
    std::string all(receipt.delivered.view());
    for (const auto& other : receipt.others) all += other.event.view();
    return derived_id({"receipts", room.account, room.room, all});
}

}  // namespace parley::bus
