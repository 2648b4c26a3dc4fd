// !help: what can be asked here, or how one command is used. The declarations come from the broker.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"
#include "broker/service/nearest.h"

namespace parley::bots {
namespace {

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

void help(const Asked& asked) {
    const auto wanted = asked.argument("command");
    asked.query("broker", "commands", bus::Value::map({{"identity", asked.identity()}, {"room", asked.requested.origin.room.text()}}), [asked, wanted](const bus::Value& commands) {
        std::string text;
        std::vector<std::string> names;
        for (const auto& command : commands.list()) {
            names.push_back(command["name"].text());
            if (names.back() == wanted) return asked.done({bus::Outcome::succeeded, one(command), {}});
            text += fmt::format("{}{} — {}", text.empty() ? "" : "\n", command["usage"].text(), command["summary"].text());
        }
        if (wanted.empty()) return asked.done({bus::Outcome::succeeded, text, {}});
        const auto near = service::nearest(wanted, names, 1);
        asked.fail({service::Code::not_found, fmt::format("there is no command \"{}\" for you here", wanted), near.empty() ? "" : fmt::format("did you mean {}?", near[0])});
    });
}

}  // namespace parley::bots
