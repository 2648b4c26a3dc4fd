#include "broker/bus/text.h"

#include <algorithm>

#include "broker/service/unicode.h"

namespace parley::bus {

Text& Text::append(const Text& other) {
    const auto shift = static_cast<std::uint32_t>(plain.size());
    plain += other.plain;
    for (auto span : other.spans) {
        span.begin += shift;
        spans.push_back(std::move(span));
    }
    return *this;
}

Text& Text::append(std::string_view words, Span::Kind kind, std::string value) {
    spans.push_back({kind, static_cast<std::uint32_t>(plain.size()), static_cast<std::uint32_t>(words.size()), std::move(value)});
    plain += words;
    return *this;
}

Text Text::part(std::size_t begin, std::size_t end) const {
    end = std::min(end, plain.size());
    begin = std::min(begin, end);
    Text out(plain.substr(begin, end - begin));
    for (const auto& span : spans) {
        const std::size_t from = std::max<std::size_t>(span.begin, begin);
        const std::size_t to = std::min<std::size_t>(span.end(), end);
        if (from >= to) continue;
        out.spans.push_back({span.kind, static_cast<std::uint32_t>(from - begin), static_cast<std::uint32_t>(to - from), span.value});
    }
    return out;
}

void Text::normalise() {
    if (!service::unicode::valid(plain)) {
        plain = service::unicode::repaired(plain);
        spans.clear();  // their positions mean nothing any more
        return;
    }
    const auto border = [this](std::size_t at) {
        return at == plain.size() || (static_cast<unsigned char>(plain[at]) & 0xC0) != 0x80;
    };
    std::erase_if(spans, [&](const Span& s) {
        return s.length == 0 || s.begin > plain.size() || s.length > plain.size() - s.begin || !border(s.begin) || !border(s.end());
    });
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.length > b.length;
    });
}

}  // namespace parley::bus
