#include "broker/dispatch/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/bus/with_code.h"
#include "broker/dispatch/call.h"
#include "broker/dispatch/policy.h"
#include "broker/service/nearest.h"

namespace parley::dispatch {

using bus::Event;

namespace {

// Commands come from people, once, and where they are meant: not from bots, not from another Parley, not from
// a "/notice".
bool may_ask(const Event& event) {
    const auto* message = std::get_if<bus::Message>(&event.body);
    return message != nullptr && !event.origin.native_id.empty() && !event.author.bot &&
           event.author.strength != bus::Strength::ourselves && event.hops == 0 &&
           message->style == bus::Message::Style::plain && message->text.plain.size() <= command_bytes_max;
}

bus::EventId run_id(const Event& message) { return bus::derived_id({"command", message.id.view()}); }

// An event that follows from the message: same room, same visibility, said a moment later by nobody's
// platform.
Event following(const Event& message, bus::EventId id, bus::Body body) {
    Event event;
    event.id = id;
    event.time = message.received == service::Time{} ? message.time : message.received;
    event.received = event.time;
    event.origin = {message.origin.room, "", message.origin.visibility};
    event.correlation = run_id(message);
    event.body = std::move(body);
    return event;
}

std::string identity(const Event& message) {
    return message.origin.room.account + "/" + (message.author.id.empty() ? message.author.name : message.author.id);
}

service::Time heard(const Event& message) {
    return message.received == service::Time{} ? message.time : message.received;
}

// The rules that look at the room alone: "gateway:ops", "room:lobby/#admins".
bus::Value::List places_of(const Command& command) {
    bus::Value::List out;
    for (const auto& rule : command.allow)
        if (rule.starts_with("gateway:") || rule.starts_with("room:")) out.emplace_back(rule);
    return out;
}

bus::Value describe(const Parameter& parameter) {
    bus::Value value;
    value.set("name", parameter.name).set("type", name(parameter.type)).set("summary", parameter.summary);
    value.set("required", parameter.required);
    if (parameter.fallback) value.set("default", *parameter.fallback);
    if (parameter.least != INT64_MIN) value.set("min", parameter.least);
    if (parameter.most != INT64_MAX) value.set("max", parameter.most);
    if (!parameter.pattern.empty()) value.set("pattern", parameter.pattern);
    if (!parameter.values.empty())
        value.set("values", bus::Value::List(parameter.values.begin(), parameter.values.end()));
    return value;
}

}  // namespace

Dispatcher::Dispatcher(Settings settings) : settings_(std::move(settings)) {
    for (const auto& [command_name, command] : settings_.commands) names_.push_back(command_name);
}

std::vector<Event> Dispatcher::consider(const Event& message) const {
    if (!may_ask(message)) return {};
    const auto& text = std::get<bus::Message>(message.body).text;
    const auto call = find_call(text, settings_.prefix, settings_.name);
    // History that is caught up on is not answered: nobody waits, and "!deploy" of this morning is not wanted
    // tonight.
    if (!call || heard(message) - message.time > settings_.stale_after) return {};

    const auto found = settings_.commands.find(call->name);
    if (call->name == login) return login_hint(message);
    if (found == settings_.commands.end()) return {reply(message, unknown_command(call->name))};
    const auto& command = found->second;
    const auto decision =
        decide(command, {identity(message), message.author.strength, message.origin.room}, settings_.gateways);
    if (!decision.rule) return denied(message, command, decision.unproven);

    auto values = bind_values(command.parameters, call->arguments);
    if (!values) {
        return {reply(message, fmt::format("{}. Usage: `{}`", values.error().text(),
                                           usage(settings_.prefix, command.name, command.parameters)))};
    }
    auto event = request(message, command);
    auto& requested = std::get<bus::CommandRequested>(event.body);
    requested.action.argv = fill(command.action.argv, command.parameters, *values);
    requested.arguments = std::move(*values);
    requested.rule = *decision.rule;
    return {std::move(event)};
}

Event Dispatcher::request(const Event& message, const Command& command) const {
    bus::CommandRequested requested;
    requested.asked_by = {message.id, message.origin.native_id};
    requested.command = command.name;
    requested.raw = std::get<bus::Message>(message.body).text.plain;
    requested.action = command.action;
    requested.action.argv.clear();
    if (!command.built_in) {
        auto& environment = requested.action.environment;
        environment.emplace_back("PARLEY_RUN", run_id(message).text());
        environment.emplace_back("PARLEY_ROOM", message.origin.room.text());
        environment.emplace_back("PARLEY_ASKED_BY", identity(message));
    }
    auto event = following(message, run_id(message), std::move(requested));
    event.author = message.author;  // who asked; everything else here is signed by us
    return event;
}

std::vector<Event> Dispatcher::denied(const Event& message, const Command& command, bool unproven) const {
    bus::RunFinished finished;
    finished.run = run_id(message);
    finished.outcome = bus::Outcome::denied;
    finished.detail = unproven ? fmt::format("{} is allowed, but on {} this name is not proven; sign in there first",
                                             identity(message), message.origin.room.account)
                               : fmt::format("no rule allows {} to use {} in {}", identity(message), command.name,
                                             message.origin.room.text());
    // A name is a stranger's word: a mark in it means nothing.
    finished.shown = bus::Text(message.author.name + ": ");
    finished.shown.append(bus::with_code(
        unproven ? fmt::format("`{}` is denied until you have signed in on {}; anyone could use your name.",
                               command.name, message.origin.room.account)
                 : fmt::format("you may not use `{}` here.", command.name)));
    auto end = following(message, bus::derived_id({"finished", finished.run.view()}), std::move(finished));
    end.author = bus::ourselves(settings_.name);
    return {request(message, command), std::move(end)};
}

Event Dispatcher::reply(const Event& message, const std::string& text) const {
    bus::Message said;
    said.text = bus::with_code(text);
    said.reply_to = {message.id, message.origin.native_id};
    auto event = following(message, bus::derived_id({"command", message.id.view(), "reply"}), std::move(said));
    event.author = bus::ourselves(settings_.name);
    return event;
}

// The page answers with a link where only one person sees it, if it is asked just so (web/live/login.h).
std::vector<Event> Dispatcher::login_hint(const Event& message) const {
    const auto asked = fmt::format("{}{}", settings_.prefix, login);
    if (message.origin.visibility != bus::Visibility::direct)
        return {reply(message, fmt::format("the link that signs you in is for you alone: write `{}` to me in a direct message", asked))};
    const std::string_view typed = std::get<bus::Message>(message.body).text.plain;
    if (typed.substr(0, typed.find_last_not_of(" \r\n\t") + 1) == asked) return {};
    return {reply(message, fmt::format("write `{}` and nothing else", asked))};
}

std::string Dispatcher::unknown_command(const std::string& typed) const {
    const auto near = service::nearest(typed, names_, 3);
    std::string text = fmt::format("no command {}.", repeated(typed));
    for (std::size_t i = 0; i < near.size(); ++i)
        text += (i == 0 ? " Did you mean `" : i + 1 == near.size() ? " or `" : ", `") + near[i] + "`";
    if (!near.empty()) text += "?";
    return text + fmt::format(" `{}help` lists them all", settings_.prefix);
}

std::optional<std::string> Dispatcher::rule(const std::string& command, const std::string& who,
                                            bus::Strength strength, const bus::RoomAddress& room) const {
    const auto found = settings_.commands.find(command);
    if (found == settings_.commands.end()) return std::nullopt;
    return decide(found->second, {who, strength, room}, settings_.gateways).rule;
}

bus::Value Dispatcher::commands(const std::string& who, const bus::RoomAddress& room) const {
    bus::Value list = bus::Value::List{};
    for (const auto& [command_name, command] : settings_.commands) {
        const bool anywhere = room.room.empty();
        // How well they are proven is seen when they ask.
        const bool allowed = decide(command, {who, bus::Strength::ourselves, room}, settings_.gateways).rule.has_value();
        auto where = anywhere && !allowed ? places_of(command) : bus::Value::List{};
        if (!allowed && where.empty() && !(who.empty() && anywhere)) continue;
        bus::Value one;
        one.set("where", std::move(where));
        one.set("name", command_name).set("summary", command.summary).set("built_in", command.built_in);
        one.set("usage", usage(settings_.prefix, command_name, command.parameters));
        bus::Value parameters = bus::Value::List{};
        for (const auto& parameter : command.parameters) parameters.push(describe(parameter));
        one.set("parameters", std::move(parameters));
        list.push(std::move(one));
    }
    return list;
}

}  // namespace parley::dispatch
