// UTF-8 as the house needs it. The only place that knows utf8proc. All positions and sizes are in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::service::unicode {

bool valid(std::string_view text);
// Valid UTF-8 whatever came in: each byte that is not part of a character becomes U+FFFD.
std::string repaired(std::string_view bytes);

// The code point at `at`, and where the next begins. `text` must be valid and `at` a border inside it.
struct Decoded {
    char32_t code_point;
    std::size_t next;
};
Decoded decode(std::string_view text, std::size_t at);
void append(std::string& out, char32_t code_point);

// The end of the grapheme cluster (what a person sees as one character; UAX #29) that begins at `at`.
std::size_t grapheme_end(std::string_view text, std::size_t at);
// The longest prefix of at most `bytes_max` bytes that ends between graphemes. If not even one fits, it ends between
// code points; 0 only if not even one code point fits.
std::size_t prefix_within(std::string_view text, std::size_t bytes_max);
std::size_t code_points(std::string_view text);

// Case-folded and compatibility-normalised (NFKC_Casefold), for comparing and indexing.
std::string folded(std::string_view text);
// As folded, and without diacritics: "Crème" -> "creme".
std::string without_marks(std::string_view text);

enum class Class : std::uint8_t { letter, mark, number, punctuation, symbol, separator, other };
Class classify(char32_t code_point);
bool is_upper(char32_t code_point);
bool is_wide_script(char32_t code_point);  // Han, Hiragana, Katakana, Hangul: written without spaces or searched by bigrams
bool is_emoji(char32_t code_point);

}  // namespace parley::service::unicode
