// HTML that cannot forget to escape: text becomes Html only by being escaped, or by being written here as markup.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace parley::pages {

class Html {
public:
    Html() = default;
    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    Html& operator+=(const Html& more) {
        text_ += more.text_;
        return *this;
    }
    friend Html operator+(Html a, const Html& b) { return a += b; }

private:
    friend Html escaped(std::string_view text);
    friend Html trusted(std::string markup);
    std::string text_;
};

// For element content and for attribute values in double quotes.
Html escaped(std::string_view text);
// Markup that this program wrote, never a stranger.
Html trusted(std::string markup);

// What fills a `{}`: Html as it is, everything else escaped.
struct Piece {
    Html html;
    Piece(Html h) : html(std::move(h)) {}
    Piece(std::string_view text) : html(escaped(text)) {}
    Piece(const std::string& text) : html(escaped(text)) {}
    Piece(const char* text) : html(escaped(text)) {}
    Piece(std::integral auto number) : html(trusted(std::to_string(number))) {}
};

// markup("<a href=\"{}\">{}</a>", {url, name}): each {} takes the next piece.
Html markup(std::string_view form, std::initializer_list<Piece> pieces = {});

}  // namespace parley::pages
