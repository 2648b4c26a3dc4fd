// Typed parameters: from words to values by name, from values to an argument vector, and the usage line. The
// same declaration makes all three. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/dispatch/words.h"
#include "broker/service/result.h"

namespace parley::dispatch {

constexpr std::size_t pattern_bytes_max = 256;          // of a declared pattern
constexpr std::size_t patterned_value_bytes_max = 256;  // of a value that a pattern looks at

struct Parameter {
    // rest: all that follows, as typed, quotes and all (only as the last one).
    enum class Type : std::uint8_t { text, integer, one_of, flag, rest };
    std::string name;
    std::string summary;
    Type type = Type::text;
    bool required = true;
    std::optional<std::string> fallback;
    std::int64_t least = INT64_MIN, most = INT64_MAX;  // integer
    std::vector<std::string> values;                   // one_of
    std::string pattern;                               // text: the whole value must match; as written in the settings
    std::shared_ptr<const std::regex> compiled;        // shared: settings are copied, and this never changes
    std::string before;                                // an argument put before the value, and left out with it
    bool may_begin_with_dash = false;                  // otherwise "-x" is refused: no one slips options to a program
};

std::string_view name(Parameter::Type type);  // "enum" for one_of
// The pattern, compiled so that matching takes time in proportion to the value. Code::invalid says what is
// wrong.
service::Result<std::shared_ptr<const std::regex>> compile(std::string_view pattern);

using Values = std::vector<std::pair<std::string, std::string>>;  // in the order of the declaration; absent
                                                                  // ones are left out

// Whether one value fits; the error is a sentence for who typed it.
service::Result<void> check(const Parameter& parameter, const std::string& value);

// "--name value", "--name=value", "--flag", and the others by place; "--" ends the options.
service::Result<Values> bind_values(const std::vector<Parameter>& parameters, std::string_view arguments);

// The argument vector: "{name}" as a whole argument becomes the value, and is left out where there is none. A
// flag that is set becomes "--name", or what `before` says.
std::vector<std::string> fill(const std::vector<std::string>& run, const std::vector<Parameter>& parameters,
                              const Values& values);
// The parameter that an argument of `run` stands for, or empty: "{env}" -> "env".
std::string_view placeholder(std::string_view argument);

// "!deploy staging|prod [COUNT] [--force]"
std::string usage(std::string_view prefix, std::string_view command, const std::vector<Parameter>& parameters);

// What somebody typed, safe and short enough to repeat to them: one line, at most 40 characters.
std::string repeated(std::string_view typed);

}  // namespace parley::dispatch
