// The one text model: plain UTF-8, plus spans that say what parts of it are.
//
// The plain text is always there and always complete: search and the poorest platform use it as it is. Positions and
// lengths are bytes of the plain text, at code point borders; spans may nest and are sorted by begin, longer first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::bus {

struct Span {
    enum class Kind : std::uint8_t {
        bold = 1,
        italic = 2,
        strike = 3,
        code = 4,
        code_block = 5,  // value: the language, may be empty
        quote = 6,
        link = 7,        // value: the URL
        mention = 8,     // value: the native id of who is meant, on the origin's account; may be empty
        emoji = 9,       // value: the shortcode or picture URL where the plain text is not the emoji itself
        spoiler = 10,
        underline = 11,
        colour = 12,     // value: "#rrggbb" or "#rrggbb,#rrggbb" (text, background)
    };
    Kind kind{};
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
    std::string value;

    std::uint32_t end() const { return begin + length; }
    friend bool operator==(const Span&, const Span&) = default;
};

struct Text {
    std::string plain;
    std::vector<Span> spans;

    Text() = default;
    Text(std::string p) : plain(std::move(p)) {}
    Text(const char* p) : plain(p) {}
    Text(std::string p, std::vector<Span> s) : plain(std::move(p)), spans(std::move(s)) {}

    bool empty() const { return plain.empty(); }
    // Appends the other text, its spans moved along.
    Text& append(const Text& other);
    // Appends words with one span over all of them.
    Text& append(std::string_view words, Span::Kind kind, std::string value = {});
    // The bytes [begin, end), spans cut to fit. The borders must be code point borders.
    Text part(std::size_t begin, std::size_t end) const;
    // Valid UTF-8; spans inside the text, at code point borders, not empty, sorted: whatever came in.
    void normalise();
    friend bool operator==(const Text&, const Text&) = default;
};

}  // namespace parley::bus
