#include "broker/service/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace parley::service::unicode {
namespace {

const utf8proc_uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

bool ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool ascii(std::string_view text) { return std::all_of(text.begin(), text.end(), [](char c) { return ascii(c); }); }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// One code point at the front of `text`: its length, or less than 1 where the bytes are not UTF-8.
utf8proc_ssize_t step(std::string_view text, utf8proc_int32_t& code_point) {
    return utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &code_point);
}

std::string mapped(std::string_view text, int options) {
    utf8proc_uint8_t* out = nullptr;
    const auto length = utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &out,
                                     static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
    if (length < 0) return std::string(text);
    return {reinterpret_cast<char*>(out), static_cast<std::size_t>(length)};
}

}  // namespace

bool valid(std::string_view text) {
    while (!text.empty()) {
        utf8proc_int32_t code_point = 0;
        if (ascii(text.front())) {
            text.remove_prefix(1);
            continue;
        }
        const auto length = step(text, code_point);
        if (length < 1) return false;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

std::string repaired(std::string_view bytes) {
    if (valid(bytes)) return std::string(bytes);
    std::string out;
    while (!bytes.empty()) {
        utf8proc_int32_t code_point = 0;
        const auto length = step(bytes, code_point);
        if (length < 1) {
            out += "\xEF\xBF\xBD";
            bytes.remove_prefix(1);
        } else {
            out += bytes.substr(0, static_cast<std::size_t>(length));
            bytes.remove_prefix(static_cast<std::size_t>(length));
        }
    }
    return out;
}

Decoded decode(std::string_view text, std::size_t at) {
    if (ascii(text[at])) return {static_cast<char32_t>(text[at]), at + 1};
    utf8proc_int32_t code_point = 0;
    const auto length = step(text.substr(at), code_point);
    if (length < 1) return {0xFFFD, at + 1};
    return {static_cast<char32_t>(code_point), at + static_cast<std::size_t>(length)};
}

void append(std::string& out, char32_t code_point) {
    utf8proc_uint8_t buffer[4];
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), buffer);
    out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length));
}

std::size_t grapheme_end(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    // Of ASCII alone only CR LF is one.
    if (ascii(text[at]) && (at + 1 == text.size() || (ascii(text[at + 1]) && text[at] != '\r'))) return at + 1;
    utf8proc_int32_t state = 0;
    auto [previous, next] = decode(text, at);
    while (next < text.size()) {
        const auto following = decode(text, next);
        if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(previous),
                                             static_cast<utf8proc_int32_t>(following.code_point), &state)) {
            break;
        }
        previous = following.code_point;
        next = following.next;
    }
    return next;
}

std::size_t prefix_within(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text.size();
    std::size_t end = 0;
    for (std::size_t next = grapheme_end(text, 0); next <= bytes_max; next = grapheme_end(text, next)) end = next;
    if (end > 0) return end;
    for (std::size_t next = decode(text, 0).next; next <= bytes_max; next = decode(text, next).next) end = next;
    return end;
}

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

std::string folded(std::string_view text) {
    if (ascii(text)) return lower(text);
    return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}
std::string without_marks(std::string_view text) {
    if (ascii(text)) return lower(text);
    return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE |
                            UTF8PROC_STRIPMARK);
}

Class classify(char32_t code_point) {
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO: return Class::letter;
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME: return Class::mark;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO: return Class::number;
        case UTF8PROC_CATEGORY_PC:
        case UTF8PROC_CATEGORY_PD:
        case UTF8PROC_CATEGORY_PS:
        case UTF8PROC_CATEGORY_PE:
        case UTF8PROC_CATEGORY_PI:
        case UTF8PROC_CATEGORY_PF:
        case UTF8PROC_CATEGORY_PO: return Class::punctuation;
        case UTF8PROC_CATEGORY_SM:
        case UTF8PROC_CATEGORY_SC:
        case UTF8PROC_CATEGORY_SK:
        case UTF8PROC_CATEGORY_SO: return Class::symbol;
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP: return Class::separator;
        default: return Class::other;
    }
}

bool is_upper(char32_t code_point) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

bool is_wide_script(char32_t c) {
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_emoji(char32_t c) {
    const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    return c > 0xFF && property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

}  // namespace parley::service::unicode
