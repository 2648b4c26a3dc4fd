// !help: what can be asked here, or how one command is used. The declarations come from the broker.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"
#include "broker/bus/with_code.h"
#include "broker/service/nearest.h"

namespace parley::bots {
namespace {

constexpr std::size_t lines_max = 4;          // for declared commands
constexpr std::size_t line_bytes_max = 280;   // fits one message everywhere

using Entry = std::function<std::string(const bus::Value& command)>;

// Entries side by side, as many to a line as fit.
std::vector<std::string> packed(const std::vector<const bus::Value*>& commands, std::string line, const Entry& entry) {
    std::vector<std::string> lines;
    bool first = true;
    for (const auto* command : commands) {
        const auto text = entry(*command);
        if (!first && line.size() + text.size() > line_bytes_max) {
            lines.push_back(std::move(line));
            line.clear();
        }
        line += (line.empty() || first ? "" : " · ") + text;
        first = false;
    }
    if (!commands.empty()) lines.push_back(std::move(line));
    return lines;
}

std::string usage_of(const bus::Value& command) { return fmt::format("`{}`", command["usage"].text()); }
std::string usage_and_summary(const bus::Value& command) {
    const auto summary = command["summary"].text();
    return usage_of(command) + (summary.empty() ? "" : " " + summary);
}

// With what they are for, if that is short; else how they are used; else their names.
std::vector<std::string> declared_lines(const std::vector<const bus::Value*>& commands, const std::string& prefix, const std::string& page) {
    const auto name_of = [&](const bus::Value& command) { return fmt::format("`{}{}`", prefix, command["name"].text()); };
    std::vector<std::string> lines;
    for (const Entry& entry : {Entry(usage_and_summary), Entry(usage_of), Entry(name_of)}) {
        lines = packed(commands, "", entry);
        if (lines.size() <= lines_max) return lines;
    }
    lines.resize(lines_max);
    lines.push_back(page.empty() ? "… and more" : fmt::format("… and more: {}/commands", page));
    return lines;
}

std::string one(const bus::Value& command) {
    auto text = fmt::format("{} — {}", command["usage"].text(), command["summary"].text());
    for (const auto& parameter : command["parameters"].list()) {
        text += fmt::format("\n  {}: {}", parameter["name"].text(), parameter["type"].text());
        std::string values;
        for (const auto& value : parameter["values"].list()) values += (values.empty() ? " " : ", ") + value.text();
        text += values;
        if (const auto summary = parameter["summary"].text(); !summary.empty()) text += " — " + summary;
        if (parameter["default"].is_text()) text += fmt::format(" (default {})", parameter["default"].text());
    }
    return text;
}

}  // namespace

bus::Text overview(const bus::Value& commands, const std::string& prefix, const std::string& page) {
    std::vector<const bus::Value*> declared, built_in;
    for (const auto& command : commands.list()) (command["built_in"].boolean() ? built_in : declared).push_back(&command);
    auto lines = declared_lines(declared, prefix, page);
    for (auto& line : packed(built_in, declared.empty() ? "" : "Built in: ", usage_of)) lines.push_back(std::move(line));
    lines.push_back(fmt::format("`{}help NAME` says more about one", prefix));
    return bus::with_code(fmt::format("{}", fmt::join(lines, "\n")));
}

void help(const Asked& asked) {
    const auto wanted = asked.argument("command");
    asked.query("broker", "commands", bus::Value::map({{"identity", asked.identity()}, {"room", asked.requested.origin.room.text()}}), [asked, wanted](const bus::Value& commands) {
        std::vector<std::string> names;
        for (const auto& command : commands.list()) {
            names.push_back(command["name"].text());
            if (names.back() == wanted) return asked.done({bus::Outcome::succeeded, one(command), {}});
        }
        if (wanted.empty()) return asked.done({bus::Outcome::succeeded, overview(commands, asked.house.prefix, asked.house.page), {}});
        const auto near = service::nearest(wanted, names, 1);
        asked.fail({service::Code::not_found, fmt::format("there is no command \"{}\" for you here", wanted), near.empty() ? "" : fmt::format("did you mean {}?", near[0])});
    });
}

}  // namespace parley::bots
