// Whatever text with whatever spans: the page gets well-formed markup that shows every character, and links that are safe.
#include <expat.h>

#include <memory>

#include "tests/fuzz/properties.h"
#include "web/pages/rich_text.h"

using namespace parley;
using fuzz::invariant;

namespace {

struct Shown {
    std::string text;
    bool safe = true;
};

void on_begin(void* shown, const char* name, const char** attributes) {
    for (; *attributes != nullptr; attributes += 2) {
        const std::string_view key = attributes[0], value = attributes[1];
        const bool link = key == "href" && std::string_view(name) == "a";
        if (link ? !pages::safe_address(value) : key != "class" && key != "rel" && key != "tabindex") static_cast<Shown*>(shown)->safe = false;
    }
}
void on_text(void* shown, const char* bytes, int size) { static_cast<Shown*>(shown)->text.append(bytes, static_cast<std::size_t>(size)); }

Shown read(const std::string& html) {
    Shown shown;
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate("UTF-8"), &XML_ParserFree);
    XML_SetUserData(parser.get(), &shown);
    XML_SetElementHandler(parser.get(), on_begin, [](void*, const char*) {});
    XML_SetCharacterDataHandler(parser.get(), on_text);
    const auto whole = "<p>" + html + "</p>";
    invariant(XML_Parse(parser.get(), whole.data(), static_cast<int>(whole.size()), 1) == XML_STATUS_OK, "the markup is well-formed");
    return shown;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    // Up to the first NUL: kinds, places and lengths of spans. A link's value is the text itself.
    auto places = rest.find('\0') == std::string_view::npos ? std::string_view() : fuzz::take_until(rest, '\0');
    // Two code points that XML cannot say and HTML can.
    if (rest.find("\xEF\xBF\xBE") != std::string_view::npos || rest.find("\xEF\xBF\xBF") != std::string_view::npos) return 0;
    bus::Text text{std::string(rest)};
    while (places.size() >= 3) {
        const auto kind = static_cast<bus::Span::Kind>(fuzz::take_byte(places) % 14);
        const std::uint32_t begin = fuzz::take_byte(places), length = fuzz::take_byte(places);
        text.spans.push_back({kind, begin, length, std::string(rest)});
    }
    std::string expected;
    for (const char c : service::unicode::repaired(text.plain)) {
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') expected += "\xEF\xBF\xBD";
        else expected += c;
    }
    const auto shown = read(pages::rich_text(text).text());
    invariant(shown.text == expected, "every character is shown");
    invariant(shown.safe, "links are safe, and nothing else has attributes");
    return 0;
}
