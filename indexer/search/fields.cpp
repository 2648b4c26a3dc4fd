#include "indexer/search/fields.h"

#include <array>

namespace parley::search {
namespace {

constexpr std::array<std::string_view, 3> kinds{"message", "run", "topic"};
constexpr std::array<std::string_view, 7> outcomes{"succeeded", "failed", "timed_out", "cancelled", "denied", "lost", "running"};

constexpr std::array<FieldRow, 10> table{{
    {Field::from, "from", "F", "from:alice", "said, or asked for, by this person (name or id)"},
    {Field::in, "in", "R", "in:#ops", "in this room (account/room, or the room alone) or gateway"},
    {Field::platform, "platform", "A", "platform:irc", "said on this platform, or on this account"},
    {Field::kind, "kind", "K", "kind:run", "message, run or topic", kinds},
    {Field::command, "command", "C", "command:deploy", "runs of this command"},
    {Field::outcome, "outcome", "O", "outcome:failed", "runs that succeeded, failed, timed_out, were cancelled, denied or lost, or are running", outcomes},
    {Field::before, "before", "", "before:2026-11-01", "earlier than this day or time (UTC)"},
    {Field::after, "after", "", "after:2026-11-01T09:30", "from this day or time on (UTC)"},
    {Field::on, "on", "", "on:2026-11-01", "on this day (UTC)"},
    {Field::last, "last", "", "last:2h", "in the last 30min, 2h, 7d, 4w"},
}};

}  // namespace

std::span<const FieldRow> fields() { return table; }

const FieldRow* find_field(std::string_view name) {
    for (const auto& row : table) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

const FieldRow& row_of(Field field) { return table[static_cast<std::size_t>(field)]; }

std::string query_help() {
    std::string out;
    const auto line = [&](std::string_view example, std::string_view help) {
        out += std::string(example) + std::string(example.size() < 26 ? 26 - example.size() : 1, ' ') + std::string(help) + "\n";
    };
    line("disk full", "both words, in any form (disks)");
    line("\"disk full\"", "these words, one after the other");
    line("disk -full", "without this word");
    line("disk OR volume", "one of them");
    line("(disk OR volume) full", "parentheses");
    line("volum*", "words that begin so (three letters at least)");
    for (const auto& row : table) line(row.example, row.help);
    return out;
}

}  // namespace parley::search
