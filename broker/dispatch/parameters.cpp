#include "broker/dispatch/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "broker/service/nearest.h"
#include "broker/service/unicode.h"

namespace parley::dispatch {

namespace unicode = service::unicode;
using service::Code;
using service::Result;
using Type = Parameter::Type;

std::string_view name(Type type) {
    switch (type) {
        case Type::text: return "text";
        case Type::integer: return "integer";
        case Type::one_of: return "enum";
        case Type::flag: return "flag";
        case Type::rest: return "rest";
    }
    return "text";
}

std::string repeated(std::string_view typed) {
    std::string line;
    const std::string valid = unicode::repaired(typed);
    std::size_t characters = 0;
    for (std::size_t at = 0; at < valid.size();) {
        const auto [c, next] = unicode::decode(valid, at);
        if (characters++ == 40) return "`" + line + "…`";
        const auto kind = unicode::classify(c);
        if (kind == unicode::Class::other || kind == unicode::Class::separator || c == U'`')
            line += c == U'`' ? '\'' : ' ';
        else line += valid.substr(at, next - at);
        at = next;
    }
    return "`" + line + "`";
}

Result<std::shared_ptr<const std::regex>> compile(std::string_view pattern) {
    if (pattern.size() > pattern_bytes_max) {
        return service::fail(Code::limit, fmt::format("the pattern has {} bytes", pattern.size()),
                             fmt::format("use at most {}", pattern_bytes_max));
    }
    auto options = std::regex::ECMAScript;
#ifdef __GLIBCXX__
    options |= std::regex_constants::__polynomial;  // no backtracking: no pattern and value can stop the broker
#endif
    try {
        return std::make_shared<const std::regex>(std::string(pattern), options);
    } catch (const std::regex_error&) {
        return service::fail(Code::invalid, fmt::format("\"{}\" is not a pattern", pattern),
                             "use an ECMAScript regular expression without back-references");
    }
}

namespace {

// What is said of a value that does not fit.
Result<void> check_integer(const Parameter& parameter, const std::string& value) {
    std::int64_t number = 0;
    const char* const last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data() + (value.starts_with('+') ? 1 : 0), last, number);
    if (error == std::errc::invalid_argument || end != last) {
        return service::fail(Code::invalid,
                             fmt::format("`{}` must be a whole number, not {}", parameter.name, repeated(value)));
    }
    if (error == std::errc{} && number >= parameter.least && number <= parameter.most) return {};
    if (parameter.least == INT64_MIN && parameter.most == INT64_MAX) {
        return service::fail(Code::invalid, fmt::format("`{}` is too large: {}", parameter.name, repeated(value)));
    }
    if (parameter.most == INT64_MAX) {
        return service::fail(Code::invalid, fmt::format("`{}` must be at least {}, not {}", parameter.name,
                                                        parameter.least, repeated(value)));
    }
    if (parameter.least == INT64_MIN) {
        return service::fail(Code::invalid, fmt::format("`{}` must be at most {}, not {}", parameter.name,
                                                        parameter.most, repeated(value)));
    }
    return service::fail(Code::invalid, fmt::format("`{}` must be from {} to {}, not {}", parameter.name,
                                                    parameter.least, parameter.most, repeated(value)));
}

Result<void> check_one_of(const Parameter& parameter, const std::string& value) {
    if (std::find(parameter.values.begin(), parameter.values.end(), value) != parameter.values.end()) return {};
    return service::fail(Code::invalid, fmt::format("`{}` must be one of {}, not {}", parameter.name,
                                                    fmt::join(parameter.values, ", "), repeated(value)));
}

Result<void> check_text(const Parameter& parameter, const std::string& value) {
    if (!parameter.may_begin_with_dash && value.starts_with('-')) {
        return service::fail(Code::invalid, fmt::format("`{}` must not begin with \"-\"", parameter.name));
    }
    if (!parameter.compiled) return {};
    if (value.size() > patterned_value_bytes_max) {
        return service::fail(Code::invalid, fmt::format("`{}` must have at most {} bytes, not {}", parameter.name,
                                                        patterned_value_bytes_max, value.size()));
    }
    if (std::regex_match(value, *parameter.compiled)) return {};
    return service::fail(Code::invalid, fmt::format("`{}` must match `{}`, and {} does not", parameter.name,
                                                    parameter.pattern, repeated(value)));
}

bool is_option(const Word& word) {
    return word.bare && word.text.size() > 2 && word.text.starts_with("--") && word.text[2] != '-' &&
           word.text[2] != '=';
}

// "-5" is a number where a number is expected.
bool looks_like_a_short_option(const Word& word) {
    return word.bare && word.text.size() > 1 && word.text[0] == '-' && word.text != "--" &&
           !(word.text[1] >= '0' && word.text[1] <= '9');
}

class Binder {
public:
    Binder(const std::vector<Parameter>& parameters, std::string_view arguments)
        : parameters_(parameters), arguments_(arguments) {}

    Result<Values> run() {
        if (const auto* rest = only_rest()) return all_of_it(*rest);
        auto words = split(arguments_);
        if (!words) return service::fail(words.error());
        words_ = std::move(*words);
        bool options_ended = false;
        for (at_ = 0; at_ < words_.size(); ++at_) {
            const Word& word = words_[at_];
            if (!options_ended && word.bare && word.text == "--") {
                options_ended = true;
                continue;
            }
            const auto taken = !options_ended && is_option(word) ? option(word) : by_place(word, options_ended);
            if (!taken) return service::fail(taken.error());
            if (rest_taken_) break;
        }
        return complete();
    }

private:
    const Parameter* only_rest() const {
        return parameters_.size() == 1 && parameters_.front().type == Type::rest ? &parameters_.front() : nullptr;
    }

    static std::string tail(std::string_view text) {
        const auto begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) return {};
        return with_plain_quotes(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
    }

    // Talk is not quoted: with nothing but a rest, an apostrophe opens nothing.
    Result<Values> all_of_it(const Parameter& rest) {
        if (arguments_.find('\0') != std::string_view::npos)
            return service::fail(Code::invalid, "there is a NUL in it", "leave it out");
        if (auto text = tail(arguments_); !text.empty()) given_[rest.name] = std::move(text);
        return complete();
    }

    const Parameter* find(std::string_view wanted) const {
        const auto found =
            std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == wanted; });
        return found == parameters_.end() ? nullptr : &*found;
    }

    Result<void> unknown_option(std::string_view wanted) const {
        std::vector<std::string> names;
        for (const auto& parameter : parameters_) names.push_back(parameter.name);
        const auto near = service::nearest(wanted, names, 1);
        std::string what = fmt::format("there is no option {}", repeated("--" + std::string(wanted)));
        if (!near.empty()) what += fmt::format("; did you mean `--{}`?", near.front());
        return service::fail(Code::invalid, std::move(what));
    }

    Result<void> option(const Word& word) {
        const auto equals = word.text.find('=');
        const auto wanted = word.text.substr(2, equals == std::string::npos ? equals : equals - 2);
        const auto* parameter = find(wanted);
        if (parameter == nullptr) return unknown_option(wanted);
        const bool has_value = equals != std::string::npos;
        if (parameter->type == Type::flag) {
            if (has_value) return service::fail(Code::invalid, fmt::format("`--{}` takes no value", wanted));
            return give(*parameter, "true");
        }
        if (has_value) return give(*parameter, word.text.substr(equals + 1));
        if (at_ + 1 == words_.size() || is_option(words_[at_ + 1])) {
            return service::fail(Code::invalid, fmt::format("`--{}` needs a value", wanted));
        }
        return give(*parameter, words_[++at_].text);
    }

    Result<void> by_place(const Word& word, bool options_ended) {
        while (place_ < parameters_.size() &&
               (parameters_[place_].type == Type::flag || given_.contains(parameters_[place_].name)))
            ++place_;
        if (!options_ended && looks_like_a_short_option(word) &&
            (place_ == parameters_.size() || parameters_[place_].type != Type::rest)) {
            return service::fail(Code::invalid, fmt::format("there is no option {}", repeated(word.text)),
                                 "put -- before it if it is a value");
        }
        if (place_ == parameters_.size())
            return service::fail(Code::invalid, fmt::format("{} is one argument too many", repeated(word.text)));
        const Parameter& parameter = parameters_[place_++];
        if (parameter.type != Type::rest) return give(parameter, word.text);
        rest_taken_ = true;
        return give(parameter, tail(arguments_.substr(word.begin)));
    }

    Result<void> give(const Parameter& parameter, std::string value) {
        if (const auto fits = check(parameter, value); !fits) return fits;
        if (given_.emplace(parameter.name, std::move(value)).second) return {};
        return service::fail(Code::invalid, fmt::format("`{}` is given twice", parameter.name));
    }

    Result<Values> complete() const {
        Values values;
        for (const auto& parameter : parameters_) {
            if (const auto found = given_.find(parameter.name); found != given_.end()) values.emplace_back(*found);
            else if (parameter.fallback) values.emplace_back(parameter.name, *parameter.fallback);
            else if (parameter.required)
                return service::fail(Code::invalid, fmt::format("`{}` is missing", parameter.name));
        }
        return values;
    }

    const std::vector<Parameter>& parameters_;
    std::string_view arguments_;
    std::vector<Word> words_;
    std::size_t at_ = 0;
    std::size_t place_ = 0;
    bool rest_taken_ = false;
    std::map<std::string, std::string, std::less<>> given_;
};

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string shape(const Parameter& parameter) {
    if (parameter.type == Type::flag) return "--" + parameter.name;
    if (parameter.type == Type::one_of) return fmt::format("{}", fmt::join(parameter.values, "|"));
    return upper(parameter.name) + (parameter.type == Type::rest ? "…" : "");
}

}  // namespace

Result<void> check(const Parameter& parameter, const std::string& value) {
    if (parameter.type == Type::integer) return check_integer(parameter, value);
    if (parameter.type == Type::one_of) return check_one_of(parameter, value);
    if (parameter.type == Type::text) return check_text(parameter, value);
    return {};
}

Result<Values> bind_values(const std::vector<Parameter>& parameters, std::string_view arguments) {
    // Positions in errors count from the first character behind the command's name and the blanks after it.
    arguments.remove_prefix(std::min(arguments.find_first_not_of(" \t\r\n"), arguments.size()));
    return Binder(parameters, arguments).run();
}

std::string_view placeholder(std::string_view argument) {
    if (argument.size() < 3 || !argument.starts_with('{') || !argument.ends_with('}')) return {};
    return argument.substr(1, argument.size() - 2);
}

std::vector<std::string> fill(const std::vector<std::string>& run, const std::vector<Parameter>& parameters,
                              const Values& values) {
    std::vector<std::string> argv;
    for (const auto& argument : run) {
        const auto wanted = placeholder(argument);
        const auto parameter =
            std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == wanted; });
        if (wanted.empty() || parameter == parameters.end()) {
            argv.push_back(argument);
            continue;
        }
        const auto value = std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == wanted; });
        if (value == values.end()) continue;
        const bool flag = parameter->type == Type::flag;
        if (!parameter->before.empty()) argv.push_back(parameter->before);
        else if (flag) argv.push_back("--" + parameter->name);
        if (!flag) argv.push_back(value->second);
    }
    return argv;
}

std::string usage(std::string_view prefix, std::string_view command, const std::vector<Parameter>& parameters) {
    std::string line = fmt::format("{}{}", prefix, command);
    for (const auto& parameter : parameters) {
        const bool optional = !parameter.required || parameter.fallback.has_value() || parameter.type == Type::flag;
        line += optional ? fmt::format(" [{}]", shape(parameter)) : " " + shape(parameter);
    }
    return line;
}

}  // namespace parley::dispatch
