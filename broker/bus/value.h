// A small dynamic value with msgpack bytes: the requests and replies of the query services.
//
//   Value request = Value::map({{"query", "disk full"}, {"limit", 20}});
//   std::string bytes = request.encode();
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "broker/service/result.h"

namespace parley::bus {

class Value {
public:
    using List = std::vector<Value>;
    using Map = std::vector<std::pair<std::string, Value>>;  // in order

    Value() = default;  // nil
    Value(bool b) : v_(b) {}
    Value(int n) : v_(static_cast<std::int64_t>(n)) {}
    Value(unsigned n) : v_(static_cast<std::int64_t>(n)) {}
    Value(long n) : v_(static_cast<std::int64_t>(n)) {}
    Value(unsigned long n) : v_(static_cast<std::int64_t>(n)) {}
    Value(long long n) : v_(static_cast<std::int64_t>(n)) {}
    Value(unsigned long long n) : v_(static_cast<std::int64_t>(n)) {}
    Value(double d) : v_(d) {}
    Value(std::string s) : v_(std::move(s)) {}
    Value(std::string_view s) : v_(std::string(s)) {}
    Value(const char* s) : v_(std::string(s)) {}
    Value(List l) : v_(std::move(l)) {}
    static Value map(Map m);

    bool is_nil() const { return v_.index() == 0; }
    bool is_map() const { return std::holds_alternative<Map>(v_); }
    bool is_list() const { return std::holds_alternative<List>(v_); }
    bool is_text() const { return std::holds_alternative<std::string>(v_); }
    bool is_number() const { return std::holds_alternative<std::int64_t>(v_); }
    bool is_bool() const { return std::holds_alternative<bool>(v_); }
    // The value, or the fallback if it is of another type.
    bool boolean(bool fallback = false) const;
    std::int64_t number(std::int64_t fallback = 0) const;
    double real(double fallback = 0) const;
    std::string text(std::string_view fallback = {}) const;
    const List& list() const;  // empty if it is none
    const Map& entries() const;
    // A map's entry, or nil. Missing keys and other types give nil, so look-ups chain.
    const Value& operator[](std::string_view key) const;
    Value& set(std::string key, Value value);  // makes it a map if it is nil
    Value& push(Value value);                  // makes it a list if it is nil

    std::string encode() const;
    // Hostile input: at most 64 deep. Code::invalid otherwise.
    static service::Result<Value> decode(std::string_view bytes);
    std::string json() const;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> v_;
};

}  // namespace parley::bus
