#include "broker/dispatch/call.h"

#include <algorithm>

#include "broker/dispatch/words.h"
#include "broker/service/unicode.h"

namespace parley::dispatch {

namespace unicode = service::unicode;

namespace {

constexpr std::string_view white = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(white);
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

bool same_name(std::string_view a, std::string_view b) {
    return !b.empty() && unicode::folded(a) == unicode::folded(b);
}

bool starts_with_letter(std::string_view text) {
    return !text.empty() && unicode::classify(unicode::decode(text, 0).code_point) == unicode::Class::letter;
}

// What follows a name that calls us: "parley: x", "parley, x"; with "@" or a mention span a space is enough.
std::optional<std::string_view> after_name(std::string_view rest, bool marked) {
    if (rest.starts_with(':') || rest.starts_with(',')) return trimmed(rest.substr(1));
    if (marked && !rest.empty() && white.find(rest.front()) != std::string_view::npos) return trimmed(rest);
    return std::nullopt;
}

// A mention's value may be an address whose local part is our name ("parley@example.org").
bool means_us(std::string_view value, std::string_view bot_name) {
    return same_name(value.substr(0, value.find('@')), bot_name);
}

std::optional<std::string_view> addressed(const bus::Text& text, std::string_view bot_name) {
    const std::string_view plain = text.plain;
    for (const auto& span : text.spans) {
        if (span.kind != bus::Span::Kind::mention || span.begin != 0 || span.end() > plain.size()) continue;
        auto shown = plain.substr(0, span.end());
        if (shown.starts_with('@')) shown.remove_prefix(1);
        if (same_name(shown, bot_name) || means_us(span.value, bot_name))
            return after_name(plain.substr(span.end()), true);
    }
    const bool marked = plain.starts_with('@');
    const auto name = plain.substr(marked ? 1 : 0);
    const auto end = name.find_first_of(" \t\r\n:,");
    if (end == std::string_view::npos || !same_name(name.substr(0, end), bot_name)) return std::nullopt;
    return after_name(name.substr(end), marked);
}

std::optional<std::string_view> asked(const bus::Text& text, std::string_view prefix, std::string_view bot_name) {
    const std::string_view plain = text.plain;
    if (!prefix.empty() && plain.starts_with(prefix)) return plain.substr(prefix.size());
    auto rest = addressed(text, bot_name);
    if (rest && !prefix.empty() && rest->starts_with(prefix)) rest->remove_prefix(prefix.size());
    return rest;
}

}  // namespace

std::optional<Call> find_call(const bus::Text& text, std::string_view prefix, std::string_view bot_name) {
    if (!unicode::valid(text.plain)) return std::nullopt;
    const auto rest = asked(text, prefix, bot_name);
    if (!rest || !starts_with_letter(*rest)) return std::nullopt;
    const auto end = std::min(rest->find_first_of(white), rest->size());
    Call call;
    call.name = unicode::folded(rest->substr(0, end));
    call.arguments = without_auto_links(rest->substr(end));
    call.begin = static_cast<std::size_t>(rest->data() - text.plain.data()) + end;
    return call;
}

}  // namespace parley::dispatch
