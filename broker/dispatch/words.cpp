#include "broker/dispatch/words.h"

#include <fmt/format.h>

#include <optional>

#include "broker/service/unicode.h"

namespace parley::dispatch {

namespace unicode = service::unicode;
using service::Code;

namespace {

bool has_scheme(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("mailto:") ||
           text.starts_with("ftp://") || text.starts_with("tel:");
}

bool fits_an_address(std::string_view text) { return text.find_first_of(" \t\r\n") == std::string_view::npos; }

// The address without what a chat program puts before it: what remains is what was typed, if it is the label.
std::string_view without_scheme(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://", "mailto:", "ftp://", "tel:"}) {
        if (url.starts_with(scheme)) return url.substr(scheme.size());
    }
    return url;
}

std::string typed(std::string_view url, std::string_view label) {
    const auto is_label = [&](std::string_view address) {
        return address == label || (address.ends_with('/') && address.substr(0, address.size() - 1) == label);
    };
    return std::string(is_label(url) || is_label(without_scheme(url)) ? label : url);
}

struct Link {
    std::string text;
    std::size_t end;
};

// "<url>" or "<url|label>" at the start of `text`.
std::optional<Link> angle_link(std::string_view text) {
    const auto close = text.find('>');
    if (close == std::string_view::npos) return std::nullopt;
    const auto inside = text.substr(1, close - 1);
    const auto bar = inside.find('|');
    const auto url = inside.substr(0, bar);
    if (!has_scheme(url) || !fits_an_address(url)) return std::nullopt;
    // Alone, a mail address is what was typed, but an http:// may be either; the whole address is always right.
    if (bar == std::string_view::npos)
        return Link{std::string(url.starts_with("mailto:") ? url.substr(7) : url), close + 1};
    return Link{typed(url, inside.substr(bar + 1)), close + 1};
}

// "[label](url)" at the start of `text`.
std::optional<Link> bracket_link(std::string_view text) {
    const auto middle = text.find("](");
    const auto line_end = text.find('\n');
    if (middle == std::string_view::npos || middle > line_end) return std::nullopt;
    const auto close = text.find(')', middle);
    if (close == std::string_view::npos) return std::nullopt;
    const auto label = text.substr(1, middle - 1);
    const auto url = text.substr(middle + 2, close - middle - 2);
    if (!has_scheme(url) || !fits_an_address(url) || label.find('[') != std::string_view::npos) return std::nullopt;
    return Link{typed(url, label), close + 1};
}

bool is_double_quote(char32_t c) { return c == U'"' || (c >= 0x201C && c <= 0x201F); }
bool is_single_quote(char32_t c) { return c == U'\'' || (c >= 0x2018 && c <= 0x201B); }
bool is_space(char32_t c) {
    return c == U' ' || (c >= U'\t' && c <= U'\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x3000;
}
bool is_long_dash(char32_t c) { return c == 0x2013 || c == 0x2014 || c == 0x2015; }
bool is_minus(char32_t c) { return c == 0x2010 || c == 0x2011 || c == 0x2212; }
bool is_plain_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }

class Splitter {
public:
    explicit Splitter(std::string_view text) : text_(text) {}

    service::Result<std::vector<Word>> run() {
        if (const auto nul = text_.find('\0'); nul != std::string_view::npos) {
            return service::fail(Code::invalid, fmt::format("there is a NUL at character {} of the arguments", position(nul)),
                                 "leave it out");
        }
        while (at_ < text_.size()) {
            const auto [c, next] = unicode::decode(text_, at_);
            if (is_space(c)) {
                end_word();
                at_ = next;
            } else if (is_double_quote(c)) {
                if (auto quoted = double_quoted(c, next); !quoted) return service::fail(quoted.error());
            } else if (is_single_quote(c) && (c == U'\'' || may_open())) {
                if (auto quoted = single_quoted(c, next); !quoted) return service::fail(quoted.error());
            } else if (c == U'\\') {
                escaped(next);
            } else {
                bare(c, next);
            }
        }
        end_word();
        return std::move(words_);
    }

private:
    std::size_t position(std::size_t at) const { return unicode::code_points(text_.substr(0, at)) + 1; }
    std::optional<char32_t> peek(std::size_t at) const {
        if (at >= text_.size()) return std::nullopt;
        return unicode::decode(text_, at).code_point;
    }

    Word& word(bool is_bare) {
        if (!word_) word_ = Word{{}, at_, is_bare};
        return *word_;
    }
    void end_word() {
        if (word_) words_.push_back(std::move(*word_));
        word_.reset();
    }

    // A typographic single quote is also the apostrophe of "don’t": it quotes only where a value begins.
    bool may_open() const { return !word_ || word_->text.ends_with('='); }

    service::Result<void> open_quote(std::size_t opened) const {
        return service::fail(Code::invalid,
                             fmt::format("the quote opened at character {} of the arguments is never closed", position(opened)),
                             "close it, or put a \\ before it");
    }

    // Opened by a plain quote, only a plain one closes, so that typographic ones can be quoted.
    service::Result<void> double_quoted(char32_t open, std::size_t next) {
        const auto opened = at_;
        auto& out = word(false).text;
        for (at_ = next; at_ < text_.size();) {
            const auto [c, after] = unicode::decode(text_, at_);
            if (c == U'"' || (open != U'"' && is_double_quote(c))) {
                at_ = after;
                return {};
            }
            if (c == U'\\' && after < text_.size() && (text_[after] == '"' || text_[after] == '\\')) {
                out += text_[after];
                at_ = after + 1;
                continue;
            }
            out += text_.substr(at_, after - at_);
            at_ = after;
        }
        return open_quote(opened);
    }

    service::Result<void> single_quoted(char32_t open, std::size_t next) {
        const auto opened = at_;
        auto& out = word(false).text;
        for (at_ = next; at_ < text_.size();) {
            const auto [c, after] = unicode::decode(text_, at_);
            const bool apostrophe = c == 0x2019 && peek(after) && is_plain_letter(*peek(after));
            if (c == U'\'' || (open != U'\'' && is_single_quote(c) && !apostrophe)) {
                at_ = after;
                return {};
            }
            out += text_.substr(at_, after - at_);
            at_ = after;
        }
        return open_quote(opened);
    }

    void escaped(std::size_t next) {
        auto& out = word(false).text;
        if (next >= text_.size()) {  // a lone one at the end means itself
            out += '\\';
            at_ = next;
            return;
        }
        const auto after = unicode::decode(text_, next).next;
        if (text_[next] != '\n') out += text_.substr(next, after - next);
        at_ = after;
    }

    void bare(char32_t c, std::size_t next) {
        const bool first = !word_;
        const auto follows = peek(next);
        auto& out = word(true).text;
        if (first && is_long_dash(c) && (!follows || is_space(*follows) || is_plain_letter(*follows))) out += "--";
        else if ((first || out == "-") && is_minus(c)) out += '-';
        else out += text_.substr(at_, next - at_);
        at_ = next;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Word> word_;
    std::vector<Word> words_;
};

}  // namespace

std::string without_auto_links(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::optional<Link> link;
        if (text[at] == '<') link = angle_link(text.substr(at));
        else if (text[at] == '[') link = bracket_link(text.substr(at));
        if (link) {
            out += link->text;
            at += link->end;
        } else {
            out += text[at++];
        }
    }
    return out;
}

std::string with_plain_quotes(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, next] = unicode::decode(text, at);
        if (is_double_quote(c)) out += '"';
        else out += text.substr(at, next - at);
        at = next;
    }
    return out;
}

service::Result<std::vector<Word>> split(std::string_view text) { return Splitter(text).run(); }

}  // namespace parley::dispatch
