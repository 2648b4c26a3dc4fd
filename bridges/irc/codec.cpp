// Parsing and writing lines; see codec.h.
#include "bridges/irc/codec.h"

#include <algorithm>
#include <cctype>

#include "broker/service/unicode.h"

namespace parley::irc {

namespace unicode = service::unicode;

namespace {

constexpr std::size_t tag_count_max = 128;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return upper(c); });
    return out;
}

std::string tag_value(std::string_view escaped) {
    std::string out;
    for (std::size_t i = 0; i < escaped.size(); ++i) {
        if (escaped[i] != '\\') {
            out += escaped[i];
        } else if (++i < escaped.size()) {
            const char c = escaped[i];
            out += c == ':' ? ';' : c == 's' ? ' ' : c == 'r' ? '\r' : c == 'n' ? '\n' : c;
        }
    }
    return out;
}

void escape_tag(std::string& out, std::string_view value) {
    for (const char c : value) {
        switch (c) {
            case ';':
                out += "\\:";
                break;
            case ' ':
                out += "\\s";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\0':
                break;
            default:
                out += c;
        }
    }
}

std::string_view word(std::string_view& rest) {
    const auto end = rest.find(' ');
    const auto out = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return out;
}

void parse_tags(std::string_view all, Line& line) {
    while (!all.empty() && line.tags.size() < tag_count_max) {
        const auto end = std::min(all.find(';'), all.size());
        const auto one = all.substr(0, end);
        all.remove_prefix(std::min(end + 1, all.size()));
        const auto equals = std::min(one.find('='), one.size());
        if (equals == 0) continue;
        line.tags.emplace_back(one.substr(0, equals), tag_value(one.substr(std::min(equals + 1, one.size()))));
    }
}

bool is_break(char c) { return c == '\0' || c == '\r' || c == '\n'; }

std::string plain(std::string_view text) {
    std::string out(text);
    std::replace_if(out.begin(), out.end(), is_break, ' ');
    return out;
}

// A parameter that is not the last: no spaces, not empty, no colon in front.
std::string middle(std::string_view text) {
    std::string out = plain(text);
    std::replace(out.begin(), out.end(), ' ', '_');
    if (out.empty()) return "*";
    if (out[0] == ':') out[0] = '_';
    return out;
}

// The longest prefix that ends between characters, also of bytes that are not UTF-8.
std::size_t fitting(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text.size();
    if (unicode::valid(text)) return unicode::prefix_within(text, bytes_max);
    return bytes_max;
}

}  // namespace

std::optional<std::string_view> Line::tag(std::string_view name) const {
    for (const auto& [key, value] : tags)
        if (key == name) return value;
    return std::nullopt;
}

std::optional<Line> parse(std::string_view rest) {
    if (rest.size() > input_bytes_max || std::any_of(rest.begin(), rest.end(), is_break)) return std::nullopt;
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    Line line;
    if (rest.starts_with('@')) {
        rest.remove_prefix(1);
        parse_tags(word(rest), line);
    }
    if (rest.starts_with(':')) {
        rest.remove_prefix(1);
        line.source = word(rest);
    }
    line.command = upper(word(rest));
    const auto good = [](unsigned char c) { return std::isalnum(c) != 0; };
    if (line.command.empty() || !std::all_of(line.command.begin(), line.command.end(), good)) return std::nullopt;
    while (!rest.empty()) {
        const bool trailing = rest.starts_with(':');
        if (trailing || line.params.size() + 1 == params_max) {
            line.params.emplace_back(rest.substr(trailing ? 1 : 0));
            break;
        }
        line.params.emplace_back(word(rest));
    }
    return line;
}

std::string format(const Line& line) {
    std::string tags, out;
    for (const auto& [key, value] : line.tags) {
        std::string one = tags.empty() ? "@" : ";";
        for (const char c : key)
            if (!is_break(c) && c != ' ' && c != ';' && c != '=') one += c;
        if (!value.empty()) one += '=', escape_tag(one, value);
        if (tags.size() + one.size() + 1 > tags_bytes_max) break;
        tags += one;
    }
    if (!tags.empty()) tags += ' ';
    if (!line.source.empty()) out += ":" + middle(line.source) + " ";
    out += middle(line.command);
    const std::size_t count = std::min(line.params.size(), params_max);
    for (std::size_t i = 0; i < count; ++i) {
        const bool last = i + 1 == count;
        out += ' ';
        if (!last) {
            out += middle(line.params[i]);
            continue;
        }
        const std::string text = plain(line.params[i]);
        if (text.empty() || text[0] == ':' || text.find(' ') != std::string::npos) out += ':';
        out += text;
    }
    out.resize(fitting(out, line_bytes_max - 2));
    return tags + out;
}

std::vector<std::string> split(std::string_view text, std::size_t bytes_max) {
    std::vector<std::string> out;
    bytes_max = std::max<std::size_t>(bytes_max, 4);  // room for one code point, so that each round gets on
    while (!text.empty()) {
        const auto line_end = std::min(std::find_if(text.begin(), text.end(), is_break) - text.begin(),
                                       static_cast<std::ptrdiff_t>(text.size()));
        const auto line = text.substr(0, static_cast<std::size_t>(line_end));
        std::size_t take = fitting(line, bytes_max);
        if (take < line.size() && line[take] != ' ') {
            const auto space = line.substr(0, take).rfind(' ');
            if (space != std::string_view::npos && space > take / 2) take = space;
        }
        if (take > 0) out.emplace_back(line.substr(0, take));
        text.remove_prefix(take);
        // The space or the line break at which it was cut is not said.
        if (!text.empty() && (is_break(text[0]) || text[0] == ' ')) text.remove_prefix(1);
    }
    return out;
}

void LineReader::take(std::string_view bytes) {
    if (overlong_) return;
    if (buffer_.size() + bytes.size() <= input_bytes_max) {
        buffer_ += bytes;
        return;
    }
    overlong_ = true;
    buffer_.clear();
    ++dropped_;
}

std::optional<Ctcp> parse_ctcp(std::string_view text) {
    if (text.size() < 2 || text[0] != '\1') return std::nullopt;
    text.remove_prefix(1);
    if (text.ends_with('\1')) text.remove_suffix(1);  // some clients leave it out
    const auto space = std::min(text.find(' '), text.size());
    if (space == 0) return std::nullopt;
    return Ctcp{upper(text.substr(0, space)), std::string(text.substr(std::min(space + 1, text.size())))};
}

std::string format_ctcp(std::string_view command, std::string_view argument) {
    std::string inside(command);
    if (!argument.empty()) inside.append(" ").append(argument);
    std::erase(inside, '\1');
    return '\1' + inside + '\1';
}

std::string base64(std::string_view bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0u);
        for (std::size_t j = 0; j < 4; ++j) out += j <= left ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

}  // namespace parley::irc
