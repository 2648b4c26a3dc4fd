#include "web/server/json.h"

#include <nlohmann/json.hpp>

namespace parley::server {
namespace {

constexpr int depth_max = 32;

bus::Value value_of(const nlohmann::json& json) {
    using Kind = nlohmann::json::value_t;
    switch (json.type()) {
        case Kind::boolean:
            return json.get<bool>();
        case Kind::number_integer:
            return json.get<std::int64_t>();
        case Kind::number_unsigned:
            return json.get<std::uint64_t>();
        case Kind::number_float:
            return json.get<double>();
        case Kind::string:
            return json.get_ref<const std::string&>();
        case Kind::array: {
            bus::Value::List list;
            for (const auto& one : json) list.push_back(value_of(one));
            return list;
        }
        case Kind::object: {
            bus::Value::Map map;
            for (const auto& [key, one] : json.items()) map.emplace_back(key, value_of(one));
            return bus::Value::map(std::move(map));
        }
        default:
            return {};
    }
}

// The parser itself is not limited in depth; brackets outside of strings are counted before it runs.
bool too_deep(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{') && ++depth > depth_max)
            return true;
        else if (!quoted && (c == ']' || c == '}'))
            --depth;
    }
    return false;
}

}  // namespace

service::Result<bus::Value> parse_json(std::string_view text) {
    if (too_deep(text)) return service::fail(service::Code::invalid, "the JSON is nested too deeply");
    try {
        return value_of(nlohmann::json::parse(text));
    } catch (const nlohmann::json::parse_error& wrong) {
        return service::fail(service::Code::invalid,
                             "this is not JSON: an error at byte " + std::to_string(wrong.byte));
    } catch (const nlohmann::json::out_of_range&) {  // what a double cannot hold
        return service::fail(service::Code::invalid, "the JSON has a number that is too large");
    }
}

}  // namespace parley::server
