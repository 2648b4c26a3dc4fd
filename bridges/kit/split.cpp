#include "bridges/kit/split.h"

#include <algorithm>

#include "broker/service/unicode.h"

namespace parley::kit {
namespace {

namespace unicode = service::unicode;
using bus::Span;
using bus::Text;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

bool stays_whole(Span::Kind kind) {
    return kind == Span::Kind::link || kind == Span::Kind::mention || kind == Span::Kind::code ||
           kind == Span::Kind::emoji;
}

// Where the next code point, or grapheme, after `at` ends.
std::size_t step(std::string_view text, std::size_t at, std::size_t end) {
    return std::min(std::max(unicode::grapheme_end(text, at), at + 1), end);
}

// How far one gets from `begin` with `most` units, by whole graphemes; by code points if not even one fits.
std::size_t reach(std::string_view text, std::size_t begin, std::size_t end, std::size_t most, Unit unit) {
    if (measure(text.substr(begin, end - begin), unit) <= most) return end;
    std::size_t at = begin, used = 0;
    while (at < end) {
        const auto next = step(text, at, end);
        used += measure(text.substr(at, next - at), unit);
        if (used > most) break;
        at = next;
    }
    if (at > begin) return at;
    used = 0;
    while (at < end) {
        const auto next = std::min(unicode::decode(text, at).next, end);
        used += measure(text.substr(at, next - at), unit);
        if (used > most && at > begin) break;  // the first code point goes in any case, or we would never end
        at = next;
        if (used > most) break;
    }
    return at;
}

std::size_t before_whole(const Text& text, std::size_t begin, std::size_t cut) {
    for (const auto& span : text.spans) {
        if (stays_whole(span.kind) && span.begin > begin && span.begin < cut && span.end() > cut) cut = span.begin;
    }
    return cut;
}

std::size_t cut_at(const Text& text, std::size_t begin, std::size_t end, std::size_t most, Unit unit) {
    const auto far = reach(text.plain, begin, end, most, unit);
    if (far >= end) return end;
    std::size_t line = begin, word = begin;
    for (std::size_t at = begin + 1; at <= far; ++at) {
        if (text.plain[at] == '\n' || text.plain[at - 1] == '\n') line = at;
        if (is_blank(text.plain[at]) || is_blank(text.plain[at - 1])) word = at;
    }
    if (line > begin + (far - begin) / 3) return line;
    const auto cut = before_whole(text, begin, word > begin ? word : far);
    return cut > begin ? cut : far;
}

void add_piece(std::vector<Text>& out, const Text& text, std::size_t begin, std::size_t end) {
    while (end > begin && is_blank(text.plain[end - 1])) --end;
    if (end == begin) return;
    Text piece = text.part(begin, end);
    // A link too long for one piece says its address once, behind its last part; or never, if it is the text itself.
    for (const auto& span : text.spans) {
        const bool cut = span.begin < begin || span.end() > end;
        const bool here = span.begin < end && span.end() > begin;
        if (span.kind != Span::Kind::link || !cut || !here) continue;
        const bool last = span.end() <= end;
        if (last && text.plain.compare(span.begin, span.length, span.value) != 0) continue;
        std::erase_if(piece.spans, [&](const Span& part) {
            return part.kind == Span::Kind::link && part.value == span.value &&
                   part.begin == std::max<std::size_t>(span.begin, begin) - begin &&
                   part.end() == std::min<std::size_t>(span.end(), end) - begin;
        });
    }
    out.push_back(std::move(piece));
}

void add_pieces(std::vector<Text>& out, const Text& text, std::size_t begin, std::size_t end, std::size_t most,
                Unit unit) {
    while (begin < end) {
        const auto cut = cut_at(text, begin, end, most, unit);
        add_piece(out, text, begin, cut);
        begin = cut;
        while (begin < end && is_blank(text.plain[begin])) ++begin;
    }
}

}  // namespace

std::size_t measure(std::string_view text, Unit unit) {
    if (unit == Unit::bytes) return text.size();
    std::size_t count = 0;
    for (const unsigned char c : text) {
        if ((c & 0xC0) != 0x80) ++count;
        if (unit == Unit::utf16 && c >= 0xF0) ++count;
    }
    return count;
}

std::vector<Text> split(const Text& text, std::size_t most, Unit unit, bool multiline) {
    std::vector<Text> out;
    const auto size = text.plain.size();
    if (multiline) {
        add_pieces(out, text, 0, size, most, unit);
        return out;
    }
    for (std::size_t begin = 0; begin < size;) {
        const auto end = std::min(text.plain.find('\n', begin), size);
        add_pieces(out, text, begin, end, most, unit);
        begin = end + 1;
    }
    return out;
}

Text cleaned(Text text) {
    text.normalise();
    for (std::size_t i = 0; i < text.plain.size(); ++i) {
        auto& c = text.plain[i];
        const bool pair = c == '\r' && i + 1 < text.plain.size() && text.plain[i + 1] == '\n';
        if (c == '\r')
            c = pair ? ' ' : '\n';
        else if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            c = ' ';
    }
    return text;
}

std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : unicode::repaired(text)) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

std::string excerpt(std::string_view text, std::size_t bytes_max) {
    auto line = one_line(text.substr(0, std::min(text.size(), bytes_max * 8)));
    if (line.size() <= bytes_max) return line;
    line.resize(unicode::prefix_within(line, bytes_max - 3));
    while (line.ends_with(' ')) line.pop_back();
    return line + "…";
}

}  // namespace parley::kit
