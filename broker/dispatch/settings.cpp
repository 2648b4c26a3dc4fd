#include "broker/dispatch/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace parley::dispatch {

namespace {

using Type = Parameter::Type;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text[0] >= 'a' && text[0] <= 'z' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

constexpr std::string_view name_hint = "use a small letter, then at most 31 of a-z 0-9 - _ .";

Type type_from(std::string_view text) {
    for (const auto type : {Type::integer, Type::one_of, Type::flag, Type::rest}) {
        if (name(type) == text) return type;
    }
    return Type::text;
}

void read_pattern(service::Table& table, Parameter& parameter) {
    parameter.pattern = table.text("pattern", "");
    if (parameter.pattern.empty()) return;
    if (parameter.type != Type::text) return table.complain("pattern", "is only for text");
    auto compiled = compile(parameter.pattern);
    if (compiled) parameter.compiled = std::move(*compiled);
    else table.complain("pattern", compiled.error().what, compiled.error().hint);
}

// A default is declared once and must pass the checks that a typed value passes.
void read_fallback(service::Table& table, Parameter& parameter) {
    if (!table.has("default")) return;
    const auto value = table.text("default");
    const auto fits = check(parameter, value);
    if (parameter.type == Type::flag || parameter.type == Type::rest) table.complain("default", "is not for this type");
    else if (!fits) table.complain("default", "does not fit: " + fits.error().what);
    parameter.fallback = value;
}

Parameter read_parameter(service::Table table) {
    Parameter parameter;
    parameter.name = table.text("name");
    if (!parameter.name.empty() && !is_name(parameter.name))
        table.complain("name", "is not a name", std::string(name_hint));
    parameter.summary = table.text("summary", "");
    parameter.type = type_from(table.choice("type", "text", {"text", "integer", "enum", "flag", "rest"}));
    parameter.least = table.integer("min", INT64_MIN, INT64_MIN, INT64_MAX);
    parameter.most = table.integer("max", INT64_MAX, INT64_MIN, INT64_MAX);
    parameter.values = table.texts("values");
    if ((parameter.type == Type::one_of) == parameter.values.empty()) {
        table.complain("values", parameter.values.empty() ? "is missing" : "is only for an enum",
                       "an enum lists its values");
    }
    parameter.may_begin_with_dash = table.boolean("dash", false);
    parameter.before = table.text("before", "");
    read_pattern(table, parameter);
    read_fallback(table, parameter);
    parameter.required = table.boolean("required", parameter.type != Type::flag && !parameter.fallback);
    table.finish();
    return parameter;
}

void read_parameters(service::Table& table, Command& command) {
    std::set<std::string> seen;
    bool optional = false;
    for (auto& entry : table.list("parameter")) {
        auto parameter = read_parameter(entry);
        if (!seen.insert(parameter.name).second)
            entry.complain("name", fmt::format("\"{}\" is there twice", parameter.name));
        if (!command.parameters.empty() && command.parameters.back().type == Type::rest) {
            entry.complain("name", "comes after a \"rest\"", "a rest takes all that follows; put it last");
        }
        if (optional && parameter.required)
            entry.complain("required", "comes after an optional one", "put the required ones first");
        optional = optional || (parameter.type != Type::flag && !parameter.required);
        command.parameters.push_back(std::move(parameter));
    }
}

// execve() takes a text up to its first NUL.
bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// What is run is said here, never by whoever asks.
void check_program(service::Table& table, const std::vector<std::string>& run) {
    const auto& program = run.front();
    if (program.empty()) table.complain("run", "begins with no program", "name the program first, then its arguments");
    if (program.find('{') != std::string::npos) {
        table.complain("run", fmt::format("the program \"{}\" has a \"{{\" in its name", program),
                       "name the program itself: a parameter fills a whole argument behind it");
    }
    if (std::any_of(run.begin(), run.end(), has_nul))
        table.complain("run", "has an argument with a NUL, which no program can be given", "leave it out");
}

void read_run(service::Table& table, Command& command) {
    auto& run = command.action.argv;
    run = table.texts("run");
    if (run.empty())
        return table.complain("run", "is missing or empty",
                              "list the program and its arguments: [\"/usr/bin/uptime\", \"-p\"]");
    check_program(table, run);
    std::set<std::string, std::less<>> used;
    for (const auto& argument : run) {
        const auto wanted = placeholder(argument);
        const auto declared = std::any_of(command.parameters.begin(), command.parameters.end(),
                                          [&](const auto& p) { return p.name == wanted; });
        if (is_name(wanted) && !declared) {
            table.complain("run", fmt::format("\"{}\" is not a parameter", argument),
                           fmt::format("declare it under [[{}.parameter]]", table.path()));
        }
        used.emplace(wanted);
        for (const auto& parameter : command.parameters) {
            const auto inside = argument.find("{" + parameter.name + "}");
            if (inside == std::string::npos || wanted == parameter.name) continue;
            table.complain("run", fmt::format("\"{}\" has a parameter inside an argument", argument),
                           "a parameter fills a whole argument");
        }
    }
    for (const auto& parameter : command.parameters) {
        if (!used.contains(parameter.name))
            table.complain("run", fmt::format("does not use \"{{{}}}\"", parameter.name));
    }
}

bool is_program(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// As a worker will look for it. Only a warning: the workers may be on another machine.
bool is_there(const std::string& program, const bus::Action& action) {
    if (program.starts_with('/')) return is_program(program);
    if (program.find('/') != std::string::npos) {  // from the directory it runs in; without one only the worker knows
        return action.directory.empty() || is_program(std::filesystem::path(action.directory) / program);
    }
    std::string_view path;
    for (const auto& [key, value] : action.environment)
        if (key == "PATH") path = value;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        if (is_program(std::filesystem::path(path.substr(begin, end - begin)) / program)) return true;
        begin = end + 1;
    }
    return false;
}

// What is allowed, and would never work.
void warn_of_dead_ends(service::Table& table, const Command& command) {
    const auto& argv = command.action.argv;
    if (!argv.empty() && placeholder(argv.front()).empty() && !is_there(argv.front(), command.action)) {
        table.warn("run", fmt::format("there is no program {} here", argv.front()), "correct its name, or install it where the workers run");
    }
    if (!table.has("allow")) {
        table.warn("allow", "is missing, so nobody may run this", "add allow = [\"gateway:NAME\"], or [\"*\"] for everybody; allow = [] if nobody is meant");
    }
}

bool check_variable(service::Table& table, std::string_view setting, const std::string& variable, std::string_view value) {
    if (!variable.empty() && variable.find('=') == std::string::npos && !has_nul(variable) && !has_nul(value)) return true;
    table.complain(setting, fmt::format("\"{}\" cannot be given to a program", variable), "a name holds no \"=\", and neither it nor its value a NUL");
    return false;
}

// The whole environment of the run is fixed here: what is allowed of our own, then what the command sets.
void read_environment(service::Table& table, Command& command) {
    std::map<std::string, std::string> all{{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}};
    for (const auto& wanted : table.texts("environment")) {
        if (!check_variable(table, "environment", wanted, "")) continue;
        if (const char* value = std::getenv(wanted.c_str())) all[wanted] = value;
    }
    for (const auto& [key, value] : table.text_map("set")) {
        if (check_variable(table, "set", key, value)) all[key] = value;
    }
    command.action.environment.assign(all.begin(), all.end());
}

void check_rule(service::Table& table, const std::string& rule, const bus::HouseSettings& house) {
    const std::string hint = "write \"*\", \"account/native-id\", \"room:account/room\" or \"gateway:NAME\"";
    if (rule == "*") return;
    if (rule.starts_with("gateway:")) {
        const auto known = std::any_of(house.gateways.begin(), house.gateways.end(),
                                       [&](const auto& g) { return g.name == rule.substr(8); });
        if (!known)
            table.complain("allow", fmt::format("there is no gateway \"{}\"", rule.substr(8)),
                           "name one of [gateway.*]");
        return;
    }
    if (!bus::RoomAddress::from_text(rule.starts_with("room:") ? rule.substr(5) : rule)) {
        table.complain("allow", fmt::format("\"{}\" is not a rule", rule), hint);
    }
}

void read_policy(service::Table& table, Command& command, const bus::HouseSettings& house) {
    auto allow = table.texts("allow");  // asked for even where absent, so that a slip finds it
    if (table.has("allow")) command.allow = std::move(allow);
    for (const auto& rule : command.allow) check_rule(table, rule, house);
    const auto proven = table.choice("proven", "account", {"nickname", "account", "signed_in"});
    command.proven = proven == "nickname"  ? bus::Strength::nickname
                     : proven == "account" ? bus::Strength::account
                                           : bus::Strength::signed_in;
}

void read_limits(service::Table& table, Command& command) {
    auto& action = command.action;
    action.directory = table.text("directory", "");
    if (has_nul(action.directory)) table.complain("directory", "holds a NUL, as no folder does", "leave it out");
    action.timeout = table.duration("timeout", action.timeout);
    if (action.timeout.count() <= 0) table.complain("timeout", "must be longer than nothing");
    action.output_bytes_max = table.bytes("output_max", action.output_bytes_max);
    action.room_lines_max = static_cast<std::uint32_t>(table.integer("room_lines", action.room_lines_max, 0, 200));
    action.concurrency_max = static_cast<std::uint32_t>(table.integer("concurrency", 0, 0, 1000));
    action.concurrency_key = action.concurrency_max == 0 ? "" : command.name;
    action.idempotent = table.boolean("idempotent", false);
}

Command read_command(const std::string& command_name, service::Table& table, const bus::HouseSettings& house) {
    Command command;
    command.name = command_name;
    if (!is_name(command_name))
        table.complain("run", fmt::format("\"{}\" is not a name for a command", command_name), std::string(name_hint));
    command.summary = table.text("summary", "");
    command.action.kind = bus::Action::Kind::exec;
    read_policy(table, command, house);
    read_limits(table, command);
    read_parameters(table, command);
    read_run(table, command);
    read_environment(table, command);
    warn_of_dead_ends(table, command);
    return command;
}

}  // namespace

Settings read_settings(service::Table& root, const bus::HouseSettings& house) {
    Settings settings;
    settings.name = house.name;
    settings.prefix = house.prefix;
    settings.gateways = house.gateways;
    for (auto& command : built_in_commands()) settings.commands.emplace(command.name, std::move(command));
    for (auto& [command_name, table] : root.tables("command")) {
        const auto known = settings.commands.find(command_name);
        if (command_name == login) table.complain("allow", "login cannot be changed: the page answers it", "remove this table; who signs in may do no more than before");
        if (known != settings.commands.end() && known->second.built_in) read_policy(table, known->second, house);
        else settings.commands.insert_or_assign(command_name, read_command(command_name, table, house));
        table.finish();
    }
    return settings;
}

}  // namespace parley::dispatch
