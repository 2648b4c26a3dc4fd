// See tokenizer.h. One pass finds basic words; another looks at each chunk between spaces for whole tokens.
#include "indexer/search/tokenizer.h"

#include <algorithm>
#include <unordered_set>

#include "broker/service/unicode.h"

namespace parley::search {
namespace {

namespace unicode = service::unicode;

bool ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}
bool ascii_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool space(char c) { return static_cast<unsigned char>(c) <= ' '; }

enum class Sort { none, letter, wide, emoji };

Sort sort_of(char32_t c) {
    if (unicode::is_wide_script(c)) return Sort::wide;
    if (c == 0xfe0f || c == 0x200d) return Sort::none;  // joiners and variation selectors of emoji
    const auto group = unicode::classify(c);
    if (group == unicode::Class::letter || group == unicode::Class::number || group == unicode::Class::mark) return Sort::letter;
    return c >= 0x2190 && unicode::is_emoji(c) ? Sort::emoji : Sort::none;
}

// Calls visit(begin, end, sort) for each basic word.
template <class Visit>
void each_word(std::string_view text, Visit visit) {
    std::size_t at = 0, begin = 0;
    bool inside = false;
    const auto flush = [&](std::size_t end) {
        if (inside) visit(begin, end, Sort::letter);
        inside = false;
    };
    while (at < text.size()) {
        std::size_t next = at + 1;
        Sort sort = Sort::none;
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            sort = ascii_alnum(text[at]) ? Sort::letter : Sort::none;
        } else {
            const auto [code_point, after] = unicode::decode(text, at);
            next = after;
            sort = sort_of(code_point);
        }
        if (sort == Sort::letter) {
            if (!inside) begin = at;
            inside = true;
        } else {
            flush(at);
            if (sort != Sort::none) visit(at, next, sort);
        }
        at = next;
    }
    flush(text.size());
}

// What stands around a token in prose, and not in it.
std::string_view trimmed(std::string_view chunk) {
    constexpr std::string_view before = "\"'`([{<,;!*", after = "\"'`)]}>,;:!?.*";
    while (!chunk.empty() && before.find(chunk.front()) != std::string_view::npos) chunk.remove_prefix(1);
    while (!chunk.empty() && after.find(chunk.back()) != std::string_view::npos) chunk.remove_suffix(1);
    return chunk;
}

bool has_word(std::string_view text) {
    bool found = false;
    each_word(text, [&](std::size_t, std::size_t, Sort) { found = true; });
    return found;
}

// "->", "&&", "≠": a chunk of symbols alone that is more than prose's punctuation.
bool is_operator(std::string_view chunk) {
    constexpr std::string_view prose = ".!?,;:'\"-()*_~^`";
    return chunk.size() <= 8 && !chunk.empty() && !std::all_of(chunk.begin(), chunk.end(), [&](char c) {
        return prose.find(c) != std::string_view::npos;
    });
}

class Collector {
public:
    void add(std::string term) {
        if (term.empty() || term.size() > term_bytes_max || out_.size() >= terms_per_text_max) return;
        if (seen_.insert(term).second) out_.push_back(std::move(term));
    }
    // With its form without diacritics.
    void add_word(std::string_view raw) {
        std::string folded = fold(raw);
        if (!ascii(folded)) {
            if (auto plain = unicode::without_marks(raw); plain != folded) add(std::move(plain));
        }
        add(std::move(folded));
    }
    std::vector<std::string> take() { return std::move(out_); }

private:
    std::unordered_set<std::string> seen_;
    std::vector<std::string> out_;
};

// getUserName, HTTPServer: a border before a capital that follows a small letter, or that a small letter follows.
void add_camel_parts(std::string_view word, Collector& out) {
    std::size_t begin = 0, parts = 0;
    for (std::size_t at = 1; at < word.size(); ++at) {
        const bool border = upper(word[at]) && (lower(word[at - 1]) || (upper(word[at - 1]) && at + 1 < word.size() && lower(word[at + 1])));
        if (!border) continue;
        out.add_word(word.substr(begin, at - begin));
        begin = at;
        ++parts;
    }
    if (parts > 0) out.add_word(word.substr(begin));
}

void add_hash_prefixes(std::string_view word, Collector& out) {
    const bool hex = word.size() >= 20 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!hex) return;
    for (const std::size_t length : {7, 8, 10, 12}) out.add(fold(word.substr(0, length)));
}

// Whole tokens of a chunk: itself, and what lies between the characters that are none of [letter digit . _ -].
void add_tokens(std::string_view chunk, Collector& out) {
    const auto token = trimmed(chunk);
    if (!has_word(token)) {
        if (is_operator(chunk)) out.add(fold(chunk));
        return;
    }
    const bool plain = std::all_of(token.begin(), token.end(), [](char c) { return ascii_alnum(c) || static_cast<unsigned char>(c) >= 0x80; });
    if (plain) return;
    out.add(fold(token));
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= token.size(); ++at) {
        const char c = at < token.size() ? token[at] : '/';
        if (ascii_alnum(c) || c == '.' || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80) continue;
        const auto part = trimmed(token.substr(begin, at - begin));
        begin = at + 1;
        if (part.find_first_of("._-") != std::string_view::npos && has_word(part)) out.add(fold(part));
    }
}

}  // namespace

std::string fold(std::string_view text) { return unicode::folded(text); }

std::vector<Word> words(std::string_view text, std::size_t words_max) {
    std::vector<Word> out;
    each_word(text, [&](std::size_t begin, std::size_t end, Sort) {
        if (out.size() < words_max) out.push_back({fold(text.substr(begin, end - begin)), begin, end});
    });
    return out;
}

std::string whole_token(std::string_view chunk) {
    const auto token = trimmed(chunk);
    return fold(has_word(token) ? token : chunk);
}

std::vector<std::string> terms(std::string_view text) {
    Collector out;
    std::string_view last_wide;
    each_word(text, [&](std::size_t begin, std::size_t end, Sort sort) {
        const auto word = text.substr(begin, end - begin);
        out.add_word(word);
        if (sort == Sort::letter) {
            add_camel_parts(word, out);
            add_hash_prefixes(word, out);
        }
        const bool adjoining = !last_wide.empty() && last_wide.data() + last_wide.size() == word.data();
        if (sort == Sort::wide && adjoining) out.add(fold(std::string(last_wide) + std::string(word)));
        last_wide = sort == Sort::wide ? word : std::string_view{};
    });
    std::size_t at = 0;
    while (at < text.size()) {
        while (at < text.size() && space(text[at])) ++at;
        std::size_t end = at;
        while (end < text.size() && !space(text[end])) ++end;
        if (end - at > 1) add_tokens(text.substr(at, end - at), out);
        at = end;
    }
    return out.take();
}

}  // namespace parley::search
