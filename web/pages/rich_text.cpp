#include "web/pages/rich_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace parley::pages {
namespace {

using Kind = bus::Span::Kind;

// Spans over one place; what is beyond goes without its dress. Thousands that cross would be opened again at each border.
constexpr std::size_t open_max = 16;

constexpr std::pair<std::string_view, Kind> span_names[] = {
    {"bold", Kind::bold},       {"italic", Kind::italic},         {"strike", Kind::strike},
    {"code", Kind::code},       {"code_block", Kind::code_block}, {"quote", Kind::quote},
    {"link", Kind::link},       {"mention", Kind::mention},       {"emoji", Kind::emoji},
    {"spoiler", Kind::spoiler}, {"underline", Kind::underline},   {"colour", Kind::colour},
};

Kind kind_of(const bus::Value& value) {
    if (value.is_number()) return static_cast<Kind>(value.number());
    for (const auto& [name, kind] : span_names) {
        if (value.text() == name) return kind;
    }
    return {};
}

struct Tags {
    std::string open, close;
};

Tags tags_of(const bus::Span& span) {
    switch (span.kind) {
        case Kind::bold:
            return {"<strong>", "</strong>"};
        case Kind::italic:
            return {"<em>", "</em>"};
        case Kind::strike:
            return {"<s>", "</s>"};
        case Kind::code:
            return {"<code>", "</code>"};
        case Kind::code_block:
            return {"<code class=\"block\">", "</code>"};
        case Kind::quote:
            return {"<q class=\"quote\">", "</q>"};
        case Kind::underline:
            return {"<u>", "</u>"};
        case Kind::mention:
            return {"<span class=\"mention\">", "</span>"};
        case Kind::spoiler:
            return {"<span class=\"spoiler\" tabindex=\"0\">", "</span>"};
        case Kind::link:
            if (!safe_address(span.value)) return {};
            return {markup("<a href=\"{}\" rel=\"noopener noreferrer nofollow\">", {span.value}).text(), "</a>"};
        default:
            return {};  // colours are the reader's own choice here
    }
}

// Plain addresses in [begin, end), as spans, where no link is said already.
void find_addresses(bus::Text& text) {
    const std::string& plain = text.plain;
    std::vector<bus::Span> found;
    for (const std::string_view scheme : {"https://", "http://"}) {
        for (auto at = plain.find(scheme); at != std::string::npos; at = plain.find(scheme, at + 1)) {
            if (at > 0 && std::isalnum(static_cast<unsigned char>(plain[at - 1])) != 0) continue;
            auto end = plain.find_first_of(" \t\r\n<>\"", at);
            if (end == std::string::npos) end = plain.size();
            while (end > at && std::string_view(".,;:!?'*_").find(plain[end - 1]) != std::string_view::npos) --end;
            const auto body = std::string_view(plain).substr(at, end - at);
            if (body.ends_with(')') && body.find('(') == std::string_view::npos) --end;
            if (end <= at + scheme.size()) continue;
            const bool inside = std::any_of(text.spans.begin(), text.spans.end(), [&](const bus::Span& s) {
                const bool opaque = s.kind == Kind::link || s.kind == Kind::code || s.kind == Kind::code_block;
                return opaque && s.begin < end && s.end() > at;
            });
            if (!inside)
                found.push_back({Kind::link, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at),
                                 plain.substr(at, end - at)});
        }
    }
    text.spans.insert(text.spans.end(), found.begin(), found.end());
    text.normalise();
}

}  // namespace

bool safe_address(std::string_view url) {
    constexpr std::array<std::string_view, 7> schemes{
        "http://", "https://", "mailto:", "xmpp:", "irc://", "ircs://", "matrix:"};
    return std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
        return url.size() > scheme.size() &&
               std::equal(scheme.begin(), scheme.end(), url.begin(),
                          [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    });
}

bus::Text text_of(const bus::Value& event, std::string_view name) {
    bus::Text out(event[name].text());
    const std::string spans = name == "text" ? "spans" : std::string(name) + "_spans";
    for (const bus::Value& span : event[spans].list()) {
        out.spans.push_back({kind_of(span["kind"]), static_cast<std::uint32_t>(span["begin"].number()),
                             static_cast<std::uint32_t>(span["length"].number()), span["value"].text()});
    }
    out.normalise();
    return out;
}

// Spans may cross each other; elements may not. At each border everything open is closed and opened again.
Html rich_text(const bus::Text& source) {
    bus::Text text = source;
    text.normalise();
    find_addresses(text);
    std::vector<std::size_t> borders{0, text.plain.size()};
    for (const auto& span : text.spans) borders.insert(borders.end(), {span.begin, span.end()});
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());

    std::string out;
    std::vector<const bus::Span*> open, wanted;
    auto next = text.spans.begin();
    const auto close_to = [&](std::size_t depth) {
        while (open.size() > depth) {
            out += tags_of(*open.back()).close;
            open.pop_back();
        }
    };
    for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
        std::erase_if(wanted, [&](const bus::Span* span) { return span->end() <= borders[i]; });
        for (; next != text.spans.end() && next->begin <= borders[i]; ++next) {
            if (wanted.size() < open_max) wanted.push_back(&*next);
        }
        std::size_t same = 0;
        while (same < open.size() && same < wanted.size() && open[same] == wanted[same]) ++same;
        close_to(same);
        for (std::size_t k = same; k < wanted.size(); ++k) {
            out += tags_of(*wanted[k]).open;
            open.push_back(wanted[k]);
        }
        out += escaped(std::string_view(text.plain).substr(borders[i], borders[i + 1] - borders[i])).text();
    }
    close_to(0);
    return trusted(std::move(out));
}

}  // namespace parley::pages
