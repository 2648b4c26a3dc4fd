// Control codes and spans; see markup.h. The colour table is that of modern.ircdocs.horse/formatting.
#include "bridges/irc/markup.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "broker/service/unicode.h"

namespace parley::irc {

namespace unicode = service::unicode;
using Kind = bus::Span::Kind;

namespace {

constexpr char bold = 0x02, colour = 0x03, hex_colour = 0x04, reset = 0x0f, mono = 0x11, reverse = 0x16,
               italic = 0x1d, strike = 0x1e, underline = 0x1f;

constexpr std::array<std::uint32_t, 99> palette = {
    0xffffff, 0x000000, 0x00007f, 0x009300, 0xff0000, 0x7f0000, 0x9c009c, 0xfc7f00, 0xffff00, 0x00fc00, 0x009393,
    0x00ffff, 0x0000fc, 0xff00ff, 0x7f7f7f, 0xd2d2d2, 0x470000, 0x472100, 0x474700, 0x324700, 0x004700, 0x00472c,
    0x004747, 0x002747, 0x000047, 0x2e0047, 0x470047, 0x47002a, 0x740000, 0x743a00, 0x747400, 0x517400, 0x007400,
    0x007449, 0x007474, 0x004074, 0x000074, 0x4b0074, 0x740074, 0x740045, 0xb50000, 0xb56300, 0xb5b500, 0x7db500,
    0x00b500, 0x00b571, 0x00b5b5, 0x0063b5, 0x0000b5, 0x7500b5, 0xb500b5, 0xb5006b, 0xff0000, 0xff8c00, 0xffff00,
    0xb2ff00, 0x00ff00, 0x00ffa0, 0x00ffff, 0x008cff, 0x0000ff, 0xa500ff, 0xff00ff, 0xff0098, 0xff5959, 0xffb459,
    0xffff71, 0xcfff60, 0x6fff6f, 0x65ffc9, 0x6dffff, 0x59b4ff, 0x5959ff, 0xc459ff, 0xff66ff, 0xff59bc, 0xff9c9c,
    0xffd39c, 0xffff9c, 0xe2ff9c, 0x9cff9c, 0x9cffdb, 0x9cffff, 0x9cd3ff, 0x9c9cff, 0xdc9cff, 0xff9cff, 0xff94d3,
    0x000000, 0x131313, 0x282828, 0x363636, 0x4d4d4d, 0x656565, 0x818181, 0x9f9f9f, 0xbcbcbc, 0xe2e2e2, 0xffffff};

std::string hex(std::uint32_t rgb) {
    char out[8];
    std::snprintf(out, sizeof out, "#%06x", rgb & 0xffffff);
    return out;
}

std::optional<std::uint32_t> from_hex(std::string_view text) {
    if (text.size() < 6) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text.substr(0, 6)) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
        value = value << 4 | static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

unsigned nearest_code(std::uint32_t rgb) {
    unsigned best = 0;
    std::uint32_t least = ~0u;
    for (unsigned code = 0; code < palette.size(); ++code) {
        std::uint32_t far = 0;
        for (const unsigned shift : {0u, 8u, 16u}) {
            const auto d = static_cast<std::int32_t>(rgb >> shift & 255) -
                           static_cast<std::int32_t>(palette[code] >> shift & 255);
            far += static_cast<std::uint32_t>(d * d);
        }
        // Beyond the first sixteen only an exact hit counts: many clients know no others.
        if (far < least && (code < 16 || far == 0)) best = code, least = far;
    }
    return best;
}

// How characters look at some place.
struct Look {
    bool bold = false, italic = false, underline = false, strike = false, mono = false, reverse = false;
    std::optional<std::uint32_t> front, back;

    bool spoiler() const { return front && front == back; }
    std::string colours() const {
        if (spoiler() || (!front && !back && !reverse)) return {};
        std::uint32_t f = front.value_or(0x000000), b = back.value_or(0xffffff);
        if (reverse) std::swap(f, b);
        return back || reverse ? hex(f) + "," + hex(b) : hex(f);
    }
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bus::Text read() {
        while (at_ < bytes_.size()) {
            const auto rest = bytes_.substr(at_);
            const auto plain = static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), is_control) - rest.begin());
            if (plain > 0) {
                follow_look();
                text_.plain += rest.substr(0, plain);
                at_ += plain;
                continue;
            }
            ++at_;
            if (code(rest[0])) continue;
            follow_look();
            if (rest[0] == '\t') text_.plain += ' ';
        }
        close_all();
        text_.normalise();
        return std::move(text_);
    }

private:
    static bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

    bool code(char c) {
        switch (c) {
            case bold:
                look_.bold = !look_.bold;
                return true;
            case italic:
                look_.italic = !look_.italic;
                return true;
            case underline:
                look_.underline = !look_.underline;
                return true;
            case strike:
                look_.strike = !look_.strike;
                return true;
            case mono:
                look_.mono = !look_.mono;
                return true;
            case reverse:
                look_.reverse = !look_.reverse;
                return true;
            case reset:
                look_ = {};
                return true;
            case colour:
                colours([this] { return number(); });
                return true;
            case hex_colour:
                colours([this] { return six(); });
                return true;
            default:
                return false;
        }
    }

    using Read = std::optional<std::optional<std::uint32_t>>;  // nothing there; or the default; or a colour

    template <class F>
    void colours(F&& next) {
        const Read front = next();
        if (!front) {
            look_.front = look_.back = std::nullopt;
            return;
        }
        look_.front = *front;
        if (at_ >= bytes_.size() || bytes_[at_] != ',') return;
        ++at_;
        const Read back = next();
        if (back)
            look_.back = *back;
        else
            --at_;  // it was only a comma
    }

    Read number() {
        std::size_t digits = 0;
        unsigned value = 0;
        for (; digits < 2 && at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++digits)
            value = value * 10 + static_cast<unsigned>(bytes_[at_++] - '0');
        if (digits == 0) return std::nullopt;
        return value < palette.size() ? Read(palette[value]) : Read(std::optional<std::uint32_t>());
    }

    Read six() {
        const auto rgb = from_hex(bytes_.substr(at_));
        if (!rgb) return std::nullopt;
        at_ += 6;
        return Read(rgb);
    }

    void follow_look() {
        follow(open_[0], Kind::bold, look_.bold);
        follow(open_[1], Kind::italic, look_.italic);
        follow(open_[2], Kind::underline, look_.underline);
        follow(open_[3], Kind::strike, look_.strike);
        follow(open_[4], Kind::code, look_.mono);
        follow(open_[5], Kind::spoiler, look_.spoiler());
        const auto value = look_.colours();
        if (open_[6] && open_[6]->value != value) close(open_[6]);
        follow(open_[6], Kind::colour, !value.empty(), value);
    }

    void follow(std::optional<bus::Span>& open, Kind kind, bool wanted, const std::string& value = {}) {
        if (wanted && !open) open = bus::Span{kind, static_cast<std::uint32_t>(text_.plain.size()), 0, value};
        if (!wanted && open) close(open);
    }
    void close(std::optional<bus::Span>& open) {
        open->length = static_cast<std::uint32_t>(text_.plain.size()) - open->begin;
        if (open->length > 0) text_.spans.push_back(*open);
        open.reset();
    }
    void close_all() {
        for (auto& open : open_)
            if (open) close(open);
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    Look look_;
    std::array<std::optional<bus::Span>, 7> open_;
    bus::Text text_;
};

Look look_at(const bus::Text& text, std::size_t at) {
    Look look;
    for (const auto& span : text.spans) {
        if (at < span.begin || at >= span.end()) continue;
        switch (span.kind) {
            case Kind::bold:
                look.bold = true;
                break;
            case Kind::italic:
                look.italic = true;
                break;
            case Kind::underline:
                look.underline = true;
                break;
            case Kind::strike:
                look.strike = true;
                break;
            case Kind::code:
            case Kind::code_block:
                look.mono = true;
                break;
            case Kind::spoiler:
                look.front = look.back = 0x000000;
                break;
            case Kind::colour:
                if (look.spoiler()) break;
                if (span.value.size() >= 7) look.front = from_hex(std::string_view(span.value).substr(1));
                if (span.value.size() >= 15) look.back = from_hex(std::string_view(span.value).substr(9));
                break;
            default:
                break;
        }
    }
    return look;
}

void two_digits(std::string& out, std::optional<std::uint32_t> rgb) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02u", rgb ? nearest_code(*rgb) : 99u);
    out += digits;
}

// The codes that lead from one look to another.
void change(std::string& out, const Look& from, const Look& to) {
    if (from.bold != to.bold) out += bold;
    if (from.italic != to.italic) out += italic;
    if (from.underline != to.underline) out += underline;
    if (from.strike != to.strike) out += strike;
    if (from.mono != to.mono) out += mono;
    if (from.front == to.front && from.back == to.back) return;
    if (from.back && !to.back && to.front)
        out += colour, out += std::string_view("99,99");  // a lone colour keeps the ground
    out += colour;
    if (!to.front && !to.back) {
        out += "99,99";  // a bare code would swallow digits that follow
        return;
    }
    two_digits(out, to.front);
    if (to.back) out += ',', two_digits(out, to.back);
}

// An address without what people leave out when they write it: "https://" and a "/" at the end.
std::string_view bare(std::string_view address) {
    for (const std::string_view scheme : {"https://", "http://", "mailto:"})
        if (address.size() > scheme.size() && address.starts_with(scheme)) address.remove_prefix(scheme.size());
    if (address.size() > 1 && address.ends_with('/')) address.remove_suffix(1);
    return address;
}

bool shows(std::string_view text, std::string_view address) {
    for (auto at = text.find(address); at != std::string_view::npos; at = text.find(address, at + 1)) {
        const char before = at == 0 ? ' ' : text[at - 1];
        auto after = text.substr(at + address.size());
        if (after.starts_with('/')) after.remove_prefix(1);
        const bool begins = std::isalnum(static_cast<unsigned char>(before)) == 0 && before != '.' && before != '-';
        if (begins && (after.empty() || std::string_view(" \n\t)>,;!?\"'").find(after[0]) != std::string_view::npos))
            return true;
    }
    return false;
}

// Where a look may begin or end, or a link's address is due.
std::vector<std::size_t> borders(const bus::Text& text) {
    std::vector<std::size_t> out{0, text.plain.size()};
    for (const auto& span : text.spans) out.push_back(span.begin), out.push_back(span.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
    if (unicode::valid(bytes)) return std::string(bytes);
    for (std::size_t cut = 1; cut <= 3 && cut < bytes.size(); ++cut) {
        const bool lead = (static_cast<unsigned char>(bytes[bytes.size() - cut]) & 0xc0) == 0xc0;
        const auto rest = bytes.substr(0, bytes.size() - cut);
        if (lead &&
            !std::all_of(rest.begin(), rest.end(), [](char c) { return static_cast<unsigned char>(c) < 128; }) &&
            unicode::valid(rest))
            return std::string(rest);
    }
    std::string out;
    for (const char c : bytes) unicode::append(out, static_cast<unsigned char>(c));
    return out;
}

bus::Text to_text(std::string_view bytes) { return Reader(to_utf8(bytes)).read(); }

std::string to_irc(const bus::Text& given) {
    bus::Text text = given;
    text.normalise();
    std::string out;
    Look now;
    std::string shown = text.plain;
    const auto places = borders(text);
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
        const Look next = look_at(text, places[i]);
        change(out, now, next);
        now = next;
        const bool commas = !next.back && next.front && text.plain[places[i]] == ',';
        if (commas) out += bold, out += bold;  // keeps "\x0304" and ",5" apart
        for (const char c : text.plain.substr(places[i], places[i + 1] - places[i])) {
            const auto u = static_cast<unsigned char>(c);
            if (c == '\r' || c == '\0') continue;
            out += c == '\n' || (u >= 0x20 && u != 0x7f) ? c : ' ';
        }
        for (const auto& span : text.spans) {
            if (span.kind != Kind::link || span.end() != places[i + 1] || span.value.empty()) continue;
            if (shows(shown, bare(span.value))) continue;
            out += " (" + span.value + ")";
            shown += " " + span.value;
        }
    }
    change(out, now, {});
    return out;
}

}  // namespace parley::irc
