#include "indexer/search/matcher.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <xapian.h>

#include "broker/service/unicode.h"
#include "indexer/search/tokenizer.h"

namespace parley::search {
namespace {

constexpr std::size_t roots_max = 10'000;  // remembered, on each thread: a megabyte

using Kind = Node::Kind;

bool word_term(std::string_view term) {
    return std::all_of(term.begin(), term.end(), [](unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80; });
}

class Reading {
public:
    explicit Reading(const Document& document) : document_(document) {
        for (auto& term : index_terms(document)) terms_.insert(std::move(term));
    }

    bool holds(const Node& node) {
        switch (node.kind) {
            case Kind::everything: return true;
            case Kind::word: return any(word_forms(node.terms.front()));
            case Kind::token: return terms_.contains(node.text) || (node.terms.size() > 1 && follow(node.terms));
            case Kind::phrase: return follow(node.terms);
            case Kind::prefix: return begins(node.terms.front());
            case Kind::field: return any(node.terms);
            case Kind::time: return node.from <= document_.anchor.time && document_.anchor.time < node.to;
            case Kind::all_of: return std::all_of(node.children.begin(), node.children.end(), [&](const Node& n) { return holds(n); });
            case Kind::any_of: return std::any_of(node.children.begin(), node.children.end(), [&](const Node& n) { return holds(n); });
            case Kind::none_of: return !holds(node.children.front());
        }
        return false;
    }

private:
    bool any(const std::vector<std::string>& terms) const {
        return std::any_of(terms.begin(), terms.end(), [&](const auto& term) { return terms_.contains(term); });
    }
    bool begins(std::string_view prefix) const {
        return std::any_of(terms_.begin(), terms_.end(), [&](const auto& term) { return term.starts_with(prefix) && word_term(term); });
    }
    bool follow(const std::vector<std::string>& phrase) {
        if (words_.empty()) words_ = words(document_.text);
        const auto found = std::search(words_.begin(), words_.end(), phrase.begin(), phrase.end(), [](const Word& word, const std::string& wanted) {
            return word.folded == wanted || (word.folded.size() > wanted.size() && service::unicode::without_marks(word.folded) == wanted);
        });
        return found != words_.end();
    }

    const Document& document_;
    std::unordered_set<std::string> terms_;
    std::vector<Word> words_;
};

void positive_words(const Node& node, std::unordered_set<std::string>& exact, std::vector<std::string>& prefixes) {
    if (node.kind == Kind::none_of || node.kind == Kind::field) return;
    if (node.kind == Kind::prefix) prefixes.push_back(node.terms.front());
    if (node.kind == Kind::word) {
        for (auto& form : word_forms(node.terms.front())) exact.insert(std::move(form));
    } else if (node.kind != Kind::prefix) {
        exact.insert(node.terms.begin(), node.terms.end());
        if (node.terms.empty() && !node.text.empty()) exact.insert(node.text);
    }
    for (const auto& child : node.children) positive_words(child, exact, prefixes);
}

std::size_t border_at_or_before(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) --at;
    return std::min(at, text.size());
}

// Where a window of `size` bytes over the hits holds the most of them.
std::size_t best_begin(const std::vector<Word>& hits, std::size_t size) {
    std::size_t best = 0, best_count = 0;
    for (std::size_t i = 0, j = 0; i < hits.size(); ++i) {
        while (j < hits.size() && hits[j].end <= hits[i].begin + size) ++j;
        if (j - i > best_count) best = hits[i].begin, best_count = j - i;
    }
    return best;
}

}  // namespace

std::string Names::platform_of(std::string_view account) const {
    const auto found = platforms.find(std::string(account));
    return found == platforms.end() ? std::string(account) : found->second;
}

void resolve(Node& node, const Names& names) {
    for (auto& child : node.children) resolve(child, names);
    if (node.kind != Kind::field) return;
    const auto prefix = row_of(node.field).prefix;
    node.terms = {field_term(prefix, node.text)};
    if (node.field == Field::platform) {
        for (const auto& [account, platform] : names.platforms) {
            if (fold(platform) == node.text) node.terms.push_back(field_term(prefix, account));
        }
    }
    if (node.field == Field::in) {
        node.terms.push_back(field_term(prefix, "#" + node.text));
        for (const auto& [gateway, rooms] : names.gateways) {
            if (fold(gateway) != node.text) continue;
            for (const auto& room : rooms) node.terms.push_back(field_term(prefix, room));
        }
    }
}

std::string stem(std::string_view word) {
    const bool plain = word.size() > 2 && word.size() < 32 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!plain) return std::string(word);
    thread_local const Xapian::Stem english("en");
    thread_local std::unordered_map<std::string, std::string> roots;  // of the words that people use; few are said once
    if (roots.size() >= roots_max) roots.clear();
    const auto [root, is_new] = roots.try_emplace(std::string(word));
    if (is_new) root->second = english(root->first);
    return root->second;
}

std::vector<std::string> word_forms(const std::string& word) {
    auto root = stem(word);
    std::vector<std::string> forms{word, "Z" + root};
    if (root != word) forms.push_back(std::move(root));
    return forms;
}

// A stem is a term of its own only where it differs from its word: a query for any form asks for both.
std::vector<std::string> index_terms(const Document& document) {
    auto out = terms(document.text);
    std::unordered_set<std::string> stems;
    for (std::size_t i = 0, count = out.size(); i < count; ++i) {
        auto root = stem(out[i]);
        if (root != out[i] && stems.insert(root).second) out.push_back("Z" + root);
    }
    for (auto& term : field_terms(document)) out.push_back(std::move(term));
    return out;
}

bool matches(const Node& node, const Document& document) { return Reading(document).holds(node); }

std::vector<Piece> snippet(const Node& node, std::string_view text, std::size_t bytes_max) {
    std::unordered_set<std::string> exact;
    std::vector<std::string> prefixes;
    positive_words(node, exact, prefixes);
    std::vector<Word> hits;
    for (auto& word : words(text)) {
        const bool hit = exact.contains(word.folded) || exact.contains("Z" + stem(word.folded)) ||
                         exact.contains(service::unicode::without_marks(word.folded)) ||
                         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return word.folded.starts_with(prefix); });
        if (hit) hits.push_back(std::move(word));
    }
    std::size_t begin = text.size() <= bytes_max ? 0 : best_begin(hits, bytes_max * 2 / 3);
    if (begin > 0) {  // some words before the first hit, from the beginning of a word
        const auto from = begin > bytes_max / 4 ? begin - bytes_max / 4 : 0;
        const auto blank = text.find_first_of(" \n", from);
        begin = from == 0 ? 0 : blank != std::string_view::npos && blank < begin ? blank + 1 : border_at_or_before(text, from);
    }
    const auto end = begin + service::unicode::prefix_within(text.substr(begin), bytes_max);
    std::vector<Piece> out;
    std::size_t at = begin;
    for (const auto& hit : hits) {
        if (hit.begin < at || hit.end > end) continue;
        if (hit.begin > at) out.push_back({std::string(text.substr(at, hit.begin - at)), false});
        out.push_back({std::string(text.substr(hit.begin, hit.end - hit.begin)), true});
        at = hit.end;
    }
    if (at < end) out.push_back({std::string(text.substr(at, end - at)), false});
    if (begin > 0) out.insert(out.begin(), {"… ", false});
    if (end < text.size()) out.push_back({" …", false});
    return out;
}

}  // namespace parley::search
