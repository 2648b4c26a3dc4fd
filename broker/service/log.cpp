#include "broker/service/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace parley::service::log {
namespace {

spdlog::logger& logger() {
    static const auto made = [] {
        auto l = spdlog::stderr_logger_mt("parley");
        l->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n %v", spdlog::pattern_time_type::utc);
        l->flush_on(spdlog::level::info);
        return l;
    }();
    return *made;
}

std::string& process() {
    static std::string name = "parley";
    return name;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += "\\n";
        else if (c == '"' || c == '\\') (out += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else out += c;
    }
    return out;
}

bool plain(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
    }
    return !text.empty();
}

void write(spdlog::level::level_enum level, std::string_view what, Fields fields) {
    if (!logger().should_log(level)) return;
    logger().log(level, "[{}] {}", process(), line(what, fields));
}

}  // namespace

std::string line(std::string_view what, Fields fields) {
    std::string out = escaped(what);
    for (const auto& field : fields) {
        ((out += ' ') += field.key) += '=';
        if (plain(field.value)) out += field.value;
        else ((out += '"') += escaped(field.value)) += '"';
    }
    return out;
}

void debug(std::string_view what, Fields fields) { write(spdlog::level::debug, what, fields); }
void info(std::string_view what, Fields fields) { write(spdlog::level::info, what, fields); }
void warning(std::string_view what, Fields fields) { write(spdlog::level::warn, what, fields); }
void error(std::string_view what, Fields fields) { write(spdlog::level::err, what, fields); }

void set_level(Level level) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                    spdlog::level::err};
    logger().set_level(levels[static_cast<int>(level)]);
}
void set_process(std::string_view name) { process() = name; }

}  // namespace parley::service::log
