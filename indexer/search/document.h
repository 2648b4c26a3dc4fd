// What the index holds one entry for: a message, a topic, or a run with its output; as it stands now in the archive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/bus/event.h"
#include "indexer/archive/view.h"

namespace parley::search {

enum class DocumentKind : std::uint8_t { message = 0, run = 1, topic = 2 };
std::string_view name(DocumentKind kind);

constexpr std::uint8_t running = 254;     // outcome of a run that has not ended
constexpr std::uint8_t no_outcome = 255;  // not a run
std::string_view outcome_name(std::uint8_t outcome);

struct Document {
    bus::Event anchor;        // the message, topic or request
    DocumentKind kind{};
    std::string text;         // of a run: what was typed, then the head and tail of its output and why it ended so
    std::string command;      // of a run
    std::uint8_t outcome = no_outcome;
    bool edited = false;
};

// The message, topic or request whose document this event makes or changes; nullopt: none.
std::optional<bus::Event> anchor_of(const archive::View& view, const bus::Event& event);
// nullopt: it has none any more (redacted).
std::optional<Document> document_of(const archive::View& view, bus::Event anchor);

// What is built in to look things up: the call would be found by the same words as what it looked for.
bool is_lookup(const bus::CommandRequested& request);

// Terms of its fields, with their prefixes (fields.h).
std::vector<std::string> field_terms(const Document& document);
// A field's term: prefix and value, folded, cut at 200 bytes.
std::string field_term(std::string_view prefix, std::string_view value);

}  // namespace parley::search
