#include "broker/bus/value.h"

#include <fmt/format.h>

#include <cmath>

#include "broker/bus/reader.h"
#include "broker/bus/writer.h"
#include "broker/service/unicode.h"

namespace parley::bus {
namespace {

constexpr int deepest = 64;

void write(Writer& w, const Value& value) {
    if (value.is_bool()) w.boolean(value.boolean());
    else if (value.is_number()) w.integer(value.number());
    else if (value.is_text()) w.text(value.text());
    else if (value.is_list()) {
        w.array(value.list().size());
        for (const auto& item : value.list()) write(w, item);
    } else if (value.is_map()) {
        w.map(value.entries().size());
        for (const auto& [key, item] : value.entries()) {
            w.text(key);
            write(w, item);
        }
    } else if (value.is_nil()) w.nil();
    else w.real(value.real());
}

Value read(Reader& in, int depth) {
    if (depth > deepest) {
        in.refuse("values are nested deeper than 64");
        return {};
    }
    switch (in.next()) {
        case Type::nil: in.nil(); return {};
        case Type::boolean: return in.boolean();
        case Type::integer: return in.big_natural() ? Value(in.real()) : Value(in.integer());
        case Type::real: return in.real();
        case Type::text: return in.text();
        case Type::bytes: return in.bytes();
        case Type::array: {
            Value::List list;
            const auto count = in.array();
            for (std::uint32_t i = 0; i < count && in.good(); ++i) list.push_back(read(in, depth + 1));
            return list;
        }
        case Type::map: {
            Value::Map map;
            const auto count = in.map();
            for (std::uint32_t i = 0; i < count && in.good(); ++i) {
                std::string key(in.text());
                map.emplace_back(std::move(key), read(in, depth + 1));
            }
            return Value::map(std::move(map));
        }
        case Type::other:
        case Type::end: break;
    }
    in.refuse("a value is expected");
    return {};
}

// Valid UTF-8, and nothing that could end a script element or a line of JSON lines.
void quote(std::string& out, std::string_view raw) {
    out += '"';
    for (const char c : service::unicode::valid(raw) ? std::string(raw) : service::unicode::repaired(raw)) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            case '<': out += "\\u003c"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
                else out += c;
        }
    }
    out += '"';
}

void print(std::string& out, const Value& value) {
    if (value.is_nil()) out += "null";
    else if (value.is_bool()) out += value.boolean() ? "true" : "false";
    else if (value.is_number()) fmt::format_to(std::back_inserter(out), "{}", value.number());
    else if (value.is_text()) quote(out, value.text());
    else if (value.is_list()) {
        out += '[';
        const char* comma = "";
        for (const auto& item : value.list()) {
            out += comma;
            print(out, item);
            comma = ",";
        }
        out += ']';
    } else if (value.is_map()) {
        out += '{';
        const char* comma = "";
        for (const auto& [key, item] : value.entries()) {
            out += comma;
            quote(out, key);
            out += ':';
            print(out, item);
            comma = ",";
        }
        out += '}';
    } else if (std::isfinite(value.real())) fmt::format_to(std::back_inserter(out), "{}", value.real());
    else out += "null";
}

const Value nothing;

}  // namespace

Value Value::map(Map m) {
    Value value;
    value.v_ = std::move(m);
    return value;
}

bool Value::boolean(bool fallback) const {
    const auto* b = std::get_if<bool>(&v_);
    return b != nullptr ? *b : fallback;
}
std::int64_t Value::number(std::int64_t fallback) const {
    const auto* n = std::get_if<std::int64_t>(&v_);
    return n != nullptr ? *n : fallback;
}
double Value::real(double fallback) const {
    if (const auto* d = std::get_if<double>(&v_)) return *d;
    const auto* n = std::get_if<std::int64_t>(&v_);
    return n != nullptr ? static_cast<double>(*n) : fallback;
}
std::string Value::text(std::string_view fallback) const {
    const auto* s = std::get_if<std::string>(&v_);
    return s != nullptr ? *s : std::string(fallback);
}
const Value::List& Value::list() const {
    static const List none;
    const auto* list = std::get_if<List>(&v_);
    return list != nullptr ? *list : none;
}
const Value::Map& Value::entries() const {
    static const Map none;
    const auto* map = std::get_if<Map>(&v_);
    return map != nullptr ? *map : none;
}

const Value& Value::operator[](std::string_view key) const {
    for (const auto& [name, value] : entries())
        if (name == key) return value;
    return nothing;
}

Value& Value::set(std::string key, Value value) {
    if (!is_map()) v_ = Map{};
    auto& map = std::get<Map>(v_);
    for (auto& [name, old] : map) {
        if (name != key) continue;
        old = std::move(value);
        return *this;
    }
    map.emplace_back(std::move(key), std::move(value));
    return *this;
}

Value& Value::push(Value value) {
    if (!is_list()) v_ = List{};
    std::get<List>(v_).push_back(std::move(value));
    return *this;
}

std::string Value::encode() const {
    std::string out;
    Writer w(out);
    write(w, *this);
    return out;
}

service::Result<Value> Value::decode(std::string_view bytes) {
    Reader in(bytes);
    auto value = read(in, 0);
    in.finish();
    if (!in.good()) return service::fail(in.error("the value"));
    return value;
}

std::string Value::json() const {
    std::string out;
    print(out, *this);
    return out;
}

}  // namespace parley::bus
