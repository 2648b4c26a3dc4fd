// The plain reading of a query: does this document match? Slow and obvious; the index only finds candidates for it
// where phrases or nested times are asked for, and tests hold the index against it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "indexer/search/document.h"
#include "indexer/search/query_language.h"

namespace parley::search {

// What the settings know and the archive does not: names that stand for accounts and rooms.
struct Names {
    std::map<std::string, std::string> platforms;              // account → platform
    std::map<std::string, std::vector<std::string>> gateways;  // name → "account/room"…
    std::string platform_of(std::string_view account) const;   // the account itself where unknown
};

// Puts the index's terms into every field's node.
void resolve(Node& node, const Names& names);

// The English stem of a folded word; the word itself where it has none (other scripts, numbers, short words).
std::string stem(std::string_view word);
// The terms that any of which a word is found by.
std::vector<std::string> word_forms(const std::string& word);
// All terms of a document: of its text, stems, fields.
std::vector<std::string> index_terms(const Document& document);

// `node` must be resolved.
bool matches(const Node& node, const Document& document);

struct Piece {
    std::string text;
    bool hit = false;
    friend bool operator==(const Piece&, const Piece&) = default;
};
// The part of a text that shows best why it matched, at most about `bytes_max`, in pieces.
std::vector<Piece> snippet(const Node& node, std::string_view text, std::size_t bytes_max = 240);

}  // namespace parley::search
