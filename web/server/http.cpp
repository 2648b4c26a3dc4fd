#include "web/server/http.h"

#include <cctype>

namespace parley::server {
namespace {

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

template <class Take>
void split(std::string_view text, char at, Take take) {
    while (true) {
        const auto end = text.find(at);
        take(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

std::string_view value_of(const Pairs& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs) {
        if (key == name) return value;
    }
    return {};
}

std::string_view Request::header(std::string_view name) const { return value_of(headers, name); }
std::string_view Request::value(std::string_view name) const { return value_of(query, name); }

std::vector<std::string> Request::values(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, text] : query) {
        if (key == name) out.push_back(text);
    }
    return out;
}

std::optional<std::string> Request::cookie(std::string_view name) const {
    std::optional<std::string> found;
    split(header("cookie"), ';', [&](std::string_view part) {
        const auto equals = part.find('=');
        if (equals != std::string_view::npos && !found && trimmed(part.substr(0, equals)) == name) {
            found = std::string(trimmed(part.substr(equals + 1)));
        }
    });
    return found;
}

std::vector<std::string> Request::segments() const {
    std::vector<std::string> out;
    split(path, '/', [&](std::string_view part) {
        if (!part.empty()) out.push_back(decode(part, false));
    });
    return out;
}

Pairs Request::form() const { return parse_form(body); }

Response Response::html(std::string body, int status) {
    return {status, "text/html; charset=utf-8", std::move(body), {}};
}
Response Response::json(std::string body, int status) { return {status, "application/json", std::move(body), {}}; }
Response Response::text(std::string body, int status) {
    return {status, "text/plain; charset=utf-8", std::move(body), {}};
}
Response Response::redirect(std::string to, int status) {
    return Response{status, "text/plain; charset=utf-8", "See " + to + "\n", {{"Location", to}}};
}
Response& Response::with(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

std::string encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

std::string decode(std::string_view text, bool plus_is_space) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

Pairs parse_form(std::string_view text) {
    Pairs out;
    split(text, '&', [&](std::string_view part) {
        if (part.empty() || out.size() >= 256) return;
        const auto equals = part.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        out.emplace_back(decode(part.substr(0, equals), true), decode(value, true));
    });
    return out;
}

std::string form(const Pairs& pairs) {
    std::string out;
    for (const auto& [key, value] : pairs) {
        if (!out.empty()) out += '&';
        out += encode(key) + "=" + encode(value);
    }
    return out;
}

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 429:
            return "Too Many Requests";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return status < 500 ? "Error" : "Internal Server Error";
    }
}

}  // namespace parley::server
