// Reading is one pass over lines and, inside a line, over marks; writing puts marks in and reads them back to be sure.
#include "bridges/xmpp/markup.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace parley::xmpp {

using bus::Span;
using bus::Text;

namespace {

constexpr int depth_max = 8;  // quotes in quotes, marks in marks

std::optional<Span::Kind> kind_of(char mark) {
    switch (mark) {
        case '*': return Span::Kind::bold;
        case '_': return Span::Kind::italic;
        case '~': return Span::Kind::strike;
        case '`': return Span::Kind::code;
        default: return std::nullopt;
    }
}
char mark_of(Span::Kind kind) {
    switch (kind) {
        case Span::Kind::bold: return '*';
        case Span::Kind::italic: return '_';
        case Span::Kind::strike: return '~';
        case Span::Kind::code: return '`';
        default: return 0;
    }
}
bool blank(char c) { return c == ' ' || c == '\t'; }

void with_span(Text& out, Text inner, Span::Kind kind, std::string value = {}) {
    if (inner.plain.empty()) return;
    out.spans.push_back({kind, static_cast<std::uint32_t>(out.plain.size()), static_cast<std::uint32_t>(inner.plain.size()), std::move(value)});
    out.append(inner);
}

Text read_line(std::string_view line, int depth) {
    Text out;
    std::string never_closed;  // marks that were looked for up to the end: once each, or a line of them would take for ever
    for (std::size_t at = 0; at < line.size();) {
        const auto kind = kind_of(line[at]);
        // A mark opens at the start, after white space or after another mark that opened; never before white space.
        const bool opens = kind && depth < depth_max && (at == 0 || blank(line[at - 1])) && at + 1 < line.size() && !blank(line[at + 1]);
        std::size_t close = std::string_view::npos;
        if (opens && never_closed.find(line[at]) == std::string::npos) {
            std::size_t to = line.find(line[at], at + 1);
            for (; to != std::string_view::npos; to = line.find(line[at], to + 1)) {
                if (to == at + 1) break;  // nothing between: not a mark
                if (blank(line[to - 1])) continue;
                close = to;
                break;
            }
            if (to == std::string_view::npos) never_closed += line[at];
        }
        if (close == std::string_view::npos) {
            out.plain += line[at++];
            continue;
        }
        const auto inside = line.substr(at + 1, close - at - 1);
        with_span(out, *kind == Span::Kind::code ? Text(std::string(inside)) : read_line(inside, depth + 1), *kind);
        at = close + 1;
    }
    return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0;;) {
        const auto end = text.find('\n', at);
        out.push_back(text.substr(at, end == std::string_view::npos ? end : end - at));
        if (end == std::string_view::npos) return out;
        at = end + 1;
    }
}

Text read_blocks(std::string_view body, int depth) {
    Text out;
    const auto lines = lines_of(body);
    for (std::size_t i = 0; i < lines.size();) {
        if (i > 0) out.plain += '\n';
        if (lines[i].starts_with("```")) {
            std::size_t end = i + 1;
            while (end < lines.size() && lines[end] != "```") ++end;
            std::string content;
            for (std::size_t n = i + 1; n < end; ++n) content.append(n > i + 1 ? "\n" : "").append(lines[n]);
            if (end < lines.size() && !content.empty()) {
                with_span(out, Text(content), Span::Kind::code_block, std::string(lines[i].substr(3)));
                i = end + 1;
                continue;
            }
        } else if (lines[i].starts_with(">") && depth < depth_max) {
            std::string content;
            std::size_t end = i;
            for (; end < lines.size() && lines[end].starts_with(">"); ++end) {
                auto line = lines[end].substr(1);
                if (line.starts_with(" ")) line.remove_prefix(1);
                content.append(end > i ? "\n" : "").append(line);
            }
            if (!content.empty()) {
                with_span(out, read_blocks(content, depth + 1), Span::Kind::quote);
                i = end;
                continue;
            }
        }
        out.append(read_line(lines[i], 0));
        ++i;
    }
    return out;
}

bool representable(const Span& span) {
    return mark_of(span.kind) || span.kind == Span::Kind::quote || span.kind == Span::Kind::code_block;
}

// Each link whose words do not show where it goes gets its address behind it.
Text with_addresses(const Text& text) {
    Text out;
    std::vector<const Span*> links;
    for (const auto& s : text.spans)
        if (s.kind == Span::Kind::link && !s.value.empty() && s.end() <= text.plain.size() &&
            text.plain.substr(s.begin, s.length) != s.value)
            links.push_back(&s);
    if (links.empty()) return text;
    std::sort(links.begin(), links.end(), [](auto* a, auto* b) { return a->end() < b->end(); });
    std::size_t done = 0;
    out.spans = text.spans;
    std::size_t grown = 0;
    for (const auto* link : links) {
        const auto extra = " (" + link->value + ")";
        const auto end = link->end();
        out.plain += text.plain.substr(done, end - done) + extra;
        for (auto& s : out.spans) {
            if (s.begin >= end + grown)
                s.begin += static_cast<std::uint32_t>(extra.size());
            else if (s.end() > end + grown)
                s.length += static_cast<std::uint32_t>(extra.size());
        }
        grown += extra.size();
        done = end;
    }
    out.plain += text.plain.substr(done);
    return out;
}

std::string write_blocks(const Text& text);

std::string write_marks(const Text& text) {
    struct Mark {
        std::size_t at;
        bool opens;
        std::size_t length;
        char mark;
    };
    std::vector<Mark> marks;
    for (const auto& s : text.spans) {
        if (!mark_of(s.kind)) continue;
        marks.push_back({s.begin, true, s.length, mark_of(s.kind)});
        marks.push_back({s.end(), false, s.length, mark_of(s.kind)});
    }
    // At one place: first what ends there, the inner before the outer; then what begins, the outer first.
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
        if (a.at != b.at) return a.at < b.at;
        if (a.opens != b.opens) return !a.opens;
        return a.opens ? a.length > b.length : a.length < b.length;
    });
    std::string out;
    std::size_t done = 0;
    for (const auto& m : marks) {
        out.append(text.plain, done, m.at - done);
        out += m.mark;
        done = m.at;
    }
    return out.append(text.plain, done);
}

std::string write_block(const Text& whole, const Span& span) {
    auto inner = whole.part(span.begin, span.end());
    if (span.kind == Span::Kind::code_block) return "```" + span.value + "\n" + inner.plain + "\n```";
    // The quote itself is among the inner spans, once.
    for (auto it = inner.spans.begin(); it != inner.spans.end(); ++it)
        if (it->kind == Span::Kind::quote && it->begin == 0 && it->length == inner.plain.size()) {
            inner.spans.erase(it);
            break;
        }
    std::string out;
    const auto written = write_blocks(inner);
    for (const auto line : lines_of(written)) out.append(out.empty() ? "> " : "\n> ").append(line);
    return out;
}

std::string write_blocks(const Text& text) {
    std::string out;
    std::size_t done = 0;
    for (const auto& s : text.spans) {
        if ((s.kind != Span::Kind::quote && s.kind != Span::Kind::code_block) || s.begin < done) continue;
        out += write_marks(text.part(done, s.begin));
        if (!out.empty() && out.back() != '\n') out += '\n';
        out += write_block(text, s);
        done = s.end();
        if (done < text.plain.size() && text.plain[done] != '\n') out += '\n';
    }
    return out + write_marks(text.part(done, text.plain.size()));
}

}  // namespace

Text from_styled(std::string_view body) {
    auto out = read_blocks(body, 0);
    out.normalise();
    return out;
}

Styled to_styled(const Text& given) {
    auto text = with_addresses(given);
    text.normalise();
    std::erase_if(text.spans, [](const Span& s) { return !representable(s); });
    auto body = write_blocks(text);
    // Blocks need lines of their own, so a break may have been added; anything else must read back the same.
    const auto back = from_styled(body);
    const bool has_block = std::any_of(text.spans.begin(), text.spans.end(), [](const Span& s) { return !mark_of(s.kind); });
    if (back == text) return {std::move(body), false};
    if (has_block && back.spans.size() == text.spans.size()) {
        const auto without_breaks = [](std::string s) { return std::erase(s, '\n'), s; };
        if (without_breaks(back.plain) == without_breaks(text.plain)) return {std::move(body), false};
    }
    return {text.plain, !from_styled(text.plain).spans.empty()};
}

}  // namespace parley::xmpp
