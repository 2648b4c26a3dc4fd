// Whatever a server sends: a line that parses is written as one line, which says the same; text is valid and clean.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "bridges/irc/codec.h"
#include "bridges/irc/isupport.h"
#include "bridges/irc/markup.h"
#include "broker/service/invariant.h"
#include "broker/service/unicode.h"

using namespace parley;

namespace {

void one_line(const irc::Line& line) {
    const auto bytes = irc::format(line);
    service::invariant(bytes.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "format writes one line");
    service::invariant(bytes.size() <= irc::tags_bytes_max + irc::line_bytes_max, "format keeps to the limit");
    const auto again = irc::parse(bytes);
    service::invariant(again && again->command == line.command, "what format writes can be parsed");
    service::invariant(again->params.size() <= line.params.size(), "format adds no parameters");
}

void clean(const bus::Text& text) {
    service::invariant(service::unicode::valid(text.plain), "text is UTF-8");
    const bool control = std::any_of(text.plain.begin(), text.plain.end(), [](unsigned char c) { return c < 0x20; });
    service::invariant(!control, "text has no control characters");
    const auto twice = irc::to_text(irc::to_irc(text));
    service::invariant(irc::to_text(irc::to_irc(twice)) == twice, "marking up is stable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    irc::Isupport isupport;
    irc::LineReader reader;
    reader.feed(bytes, [&](std::string_view one) {
        const auto line = irc::parse(one);
        if (!line) return true;
        one_line(*line);
        clean(irc::to_text(line->last()));
        for (const auto& token : line->params) isupport.apply(token);
        if (const auto ctcp = irc::parse_ctcp(line->last())) irc::format_ctcp(ctcp->command, ctcp->argument);
        return true;
    });
    for (const auto& piece : irc::split(bytes, 64))
        service::invariant(!piece.empty() && piece.size() <= 64, "a piece fits and says something");
    return 0;
}
