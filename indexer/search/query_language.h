// The query language: text to a tree. Pure. What it means is in matcher.h (the plain reading) and index.h (the fast one).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "broker/service/clock.h"
#include "broker/service/result.h"
#include "indexer/search/fields.h"

namespace parley::search {

constexpr std::size_t query_bytes_max = 512;
constexpr std::size_t query_terms_max = 32;      // words, phrases' words and fields together
constexpr std::size_t query_wildcards_max = 4;
constexpr std::size_t wildcard_letters_min = 3;
constexpr std::size_t query_depth_max = 8;       // parentheses within parentheses

struct Node {
    enum class Kind : unsigned char {
        everything,  // the empty query
        word,        // `terms[0]`: a basic word
        token,       // `text`: a whole token; or else `terms`: its words, one after the other
        phrase,      // `terms`, one after the other
        prefix,      // `terms[0]` begins a word
        field,       // `field` is `text` (folded); not a time
        time,        // from <= time < to
        all_of,      // children
        any_of,      // children
        none_of,     // one child
    };
    Kind kind = Kind::everything;
    std::vector<std::string> terms{};
    std::string text{};
    Field field{};
    service::Time from = service::Time::min(), to = service::Time::max();
    std::vector<Node> children{};
};

// Code::invalid, or Code::limit at a limit. `what` begins with "at character 7 of the query: ", counted from 1.
// `now` is what last: counts back from. `hints` gets, in the same form, what was understood but is hardly meant.
service::Result<Node> parse_query(std::string_view text, service::Time now, std::vector<std::string>* hints = nullptr);

// The tree in one line, for tests and for `explain`: (all disk (none (phrase "no space"))).
std::string to_text(const Node& node);

}  // namespace parley::search
