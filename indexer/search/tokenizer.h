// Cuts chat text into terms: words, and what operations are full of: paths, addresses, error codes, identifiers and
// their parts, URLs, hashes, #123, emoji, CJK. Pure; knows nothing of the index.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley::search {

constexpr std::size_t term_bytes_max = 64;      // longer tokens are indexed by their parts alone
constexpr std::size_t terms_per_text_max = 4096;

// A basic word: a run of letters, digits and marks; one CJK character; one emoji. What phrases are made of.
struct Word {
    std::string folded;  // NFKC case-folded
    std::size_t begin = 0, end = 0;  // bytes of the text
    friend bool operator==(const Word&, const Word&) = default;
};

// The basic words in order. Text must be valid UTF-8.
std::vector<Word> words(std::string_view text, std::size_t words_max = terms_per_text_max);

// Everything that a text can be found by, without repeats: basic words, without diacritics too; the parts of camelCase;
// whole tokens ("/usr/lib/x.so", "10.0.0.1:8080", "foo_bar", "#123", "->"), what lies between their stronger
// separators ("10.0.0.1", "x.so"); the first 7 to 12 characters of long hashes; CJK bigrams.
std::vector<std::string> terms(std::string_view text);

// The whole token that a chunk without spaces stands for, folded, without the punctuation around it; may be empty.
std::string whole_token(std::string_view chunk);

// Folded fast where it is all ASCII.
std::string fold(std::string_view text);

}  // namespace parley::search
