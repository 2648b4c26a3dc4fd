// What the commands built in look like; what they do is in broker/bots/builtins, a file each.
#include "broker/dispatch/settings.h"

namespace parley::dispatch {

namespace {

Command built_in(std::string name, std::string summary, std::vector<Parameter> parameters = {}) {
    Command command;
    command.name = std::move(name);
    command.summary = std::move(summary);
    command.built_in = true;
    command.parameters = std::move(parameters);
    command.allow = {"*"};
    command.action.kind = bus::Action::Kind::builtin;
    command.action.timeout = std::chrono::seconds(15);
    command.action.room_lines_max = 40;
    command.action.idempotent = true;
    command.action.argv = {command.name};
    for (const auto& parameter : command.parameters) command.action.argv.push_back("{" + parameter.name + "}");
    return command;
}

Parameter parameter(std::string name, std::string summary, Parameter::Type type, bool required) {
    Parameter p;
    p.name = std::move(name);
    p.summary = std::move(summary);
    p.type = type;
    p.required = required;
    return p;
}

}  // namespace

std::vector<Command> built_in_commands() {
    using Type = Parameter::Type;
    return {
        built_in("help", "What can be asked here, or how one command is used",
                 {parameter("command", "its name", Type::text, false)}),
        built_in("ping", "Whether anybody is there"),
        built_in("status", "Accounts, followers and queues"),
        built_in("search", "The five best hits in what was said and run",
                 {parameter("query", "words, \"a phrase\", from:NAME, in:ROOM …", Type::rest, true)}),
        built_in("show", "The whole of one message or run", {parameter("id", "as search shows it", Type::text, true)}),
        built_in("last", "The latest run of a command", {parameter("command", "its name", Type::text, true)}),
        built_in("cancel", "Stops a run: your latest, or any of yours by its id; anyone's if the settings name you",
                 {parameter("id", "of the run", Type::text, false)}),
        built_in(std::string(login), "Signs you in to the page: ask for the link in a direct message"),
    };
}

}  // namespace parley::dispatch
