// Whatever is typed: styling is read into a text that is in order; and written styling shows every word of its text.
#include "bridges/xmpp/markup.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

std::string without_breaks(std::string text) {
    std::erase(text, '\n');
    return text;
}

void shown_whole(const bus::Text& text) {
    const auto [body, unstyled] = xmpp::to_styled(text);
    invariant(fuzz::valid(body), "a body is UTF-8");
    const bool link = std::any_of(text.spans.begin(), text.spans.end(), [](const bus::Span& s) { return s.kind == bus::Span::Kind::link; });
    if (link) return;  // its address is added to the words
    const auto shown = unstyled ? bus::Text(body) : xmpp::from_styled(body);
    invariant(without_breaks(shown.plain) == without_breaks(text.plain), "readers see every word, and no marks");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    // Up to the first NUL: kinds, places and lengths of spans. The whole or the rest: what was typed.
    auto places = rest.find('\0') == std::string_view::npos ? std::string_view() : fuzz::take_until(rest, '\0');
    const auto typed = service::unicode::repaired(rest);
    const auto text = xmpp::from_styled(typed);
    fuzz::good_text(text);
    shown_whole(text);
    bus::Text dressed(typed);
    while (places.size() >= 3) {
        const auto kind = static_cast<bus::Span::Kind>(1 + fuzz::take_byte(places) % 12);
        const std::uint32_t begin = fuzz::take_byte(places), length = fuzz::take_byte(places);
        dressed.spans.push_back({kind, begin, length, kind == bus::Span::Kind::link ? "https://example.org/" : ""});
    }
    dressed.normalise();
    shown_whole(dressed);
    return 0;
}
