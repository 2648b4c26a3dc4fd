// One line per fact, on standard error: time, level, what, then key=value. The only place that knows spdlog.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace parley::service::log {

enum class Level { debug, info, warning, error };

// A key and its value, printed key=value with quotes where needed. Control characters are escaped: text from a
// stranger cannot forge a line.
struct Field {
    std::string_view key;
    std::string value;
    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)) {}
};
using Fields = std::initializer_list<Field>;

void debug(std::string_view what, Fields fields = {});
void info(std::string_view what, Fields fields = {});
void warning(std::string_view what, Fields fields = {});
void error(std::string_view what, Fields fields = {});

// Lines below this level are not written; `info` until said otherwise. Any thread.
void set_level(Level level);
// Goes into every line, so that lines of several processes can share a file.
void set_process(std::string_view name);

// The text of a line after the level, as written: for tests.
std::string line(std::string_view what, Fields fields);

}  // namespace parley::service::log
