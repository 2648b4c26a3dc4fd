// A request and its answer, free of any server: what handlers see and tests build.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::server {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "GET";
    std::string path = "/";  // as sent, still percent-encoded
    Pairs query;             // decoded, in order
    Pairs headers;           // names in lower case
    std::string body;
    std::string remote;  // the peer's address

    std::string_view header(std::string_view name) const;  // empty if absent
    std::string_view value(std::string_view name) const;   // of the query
    std::vector<std::string> values(std::string_view name) const;
    std::optional<std::string> cookie(std::string_view name) const;
    std::vector<std::string> segments() const;  // the path's parts, decoded: "/room/a%2Fb" -> room, a/b
    Pairs form() const;                         // the body, read as a form
};

struct Response {
    int status = 200;
    std::string type = "text/html; charset=utf-8";
    std::string body;
    Pairs headers;

    static Response html(std::string body, int status = 200);
    static Response json(std::string body, int status = 200);
    static Response text(std::string body, int status = 200);
    static Response redirect(std::string to, int status = 303);
    Response& with(std::string name, std::string value);
};

using Handler = std::function<Response(const Request&)>;

// Percent-encoding. `decode` leaves a broken escape as it stands.
std::string encode(std::string_view text);
std::string decode(std::string_view text, bool plus_is_space);
Pairs parse_form(std::string_view text);
std::string form(const Pairs& pairs);
std::string_view value_of(const Pairs& pairs, std::string_view name);
std::string_view reason(int status);

}  // namespace parley::server
