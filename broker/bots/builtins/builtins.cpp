#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "broker/bots/builtins/builtin.h"

namespace parley::bots {

using bus::Value;

Builtin find_builtin(std::string_view name) {
    static const std::map<std::string_view, Builtin> all{{"help", help}, {"ping", ping}, {"status", status}, {"search", search},
                                                         {"show", show}, {"last", last}, {"cancel", cancel}};
    const auto found = all.find(name);
    return found == all.end() ? Builtin{} : found->second;
}

std::string Asked::argument(std::string_view name) const {
    for (const auto& [key, value] : command().arguments) {
        if (key == name) return value;
    }
    return {};
}

std::string Asked::identity() const { return requested.origin.room.account + "/" + (requested.author.id.empty() ? requested.author.name : requested.author.id); }

// An answer is shown to the whole room, so only what everyone in it may see: what is open to everyone, and the room's
// own gateway. In a direct conversation it is the person who sees it.
Value Asked::viewer() const {
    auto rooms = Value(Value::List{});
    const auto& here = requested.origin.room;
    rooms.push(here.text());
    if (requested.origin.visibility == bus::Visibility::direct) return Value::map({{"identity", identity()}, {"rooms", std::move(rooms)}});
    for (const auto& gateway : house.gateways) {
        if (std::find(gateway.rooms.begin(), gateway.rooms.end(), here) == gateway.rooms.end()) continue;
        for (const auto& room : gateway.rooms) {
            // A closed room tells its mirrors nothing.
            if (room != here && house.visibility(room) != bus::Visibility::closed) rooms.push(room.text());
        }
    }
    return Value::map({{"rooms", std::move(rooms)}});
}

std::string Asked::page() const { return house.page_for(requested.origin); }

void Asked::fail(const service::Error& error) const { done({bus::Outcome::failed, {}, error.text()}); }

void Asked::query(const std::string& service, const std::string& method, const Value& request, std::function<void(const Value&)> then) const {
    client.query(service, method, request.encode(), std::chrono::seconds(5), [asked = *this, then = std::move(then)](service::Result<std::string> reply) {
        if (!reply) return asked.fail(reply.error());
        const auto value = Value::decode(*reply);
        if (!value) return asked.fail(value.error());
        then(*value);
    });
}

std::string when(const Value& event) { return service::iso8601(service::Time(std::chrono::microseconds(event["time_us"].number()))).substr(0, 16).replace(10, 1, " "); }

bus::Text describe_run(const Value& run, const std::string& page) {
    const auto& requested = run["requested"];
    const auto& finished = run["finished"];
    const auto brief = requested["brief"].text();
    bus::Text said(requested["author"]["name"].text() + " asked for ");
    said.append(requested["raw"].text(), bus::Span::Kind::code);
    auto text = fmt::format(" in {}/{} at {} (run {})\n", requested["account"].text(), requested["room"].text(), when(requested), brief);
    if (finished.is_map()) {
        text += fmt::format("{} after {}", finished["outcome"].text(), service::for_people(std::chrono::microseconds(finished["took_us"].number())));
        if (finished["exit_code"].is_number()) text += fmt::format(", exit {}", finished["exit_code"].number());
        if (const auto detail = finished["detail"].text(); !detail.empty()) text += ": " + detail;
        text += "\n";
    } else {
        text += run["started"].is_map() ? "it is running\n" : "it waits\n";
    }
    constexpr std::size_t output_bytes_max = 4096;
    std::string output;
    for (const auto& part : run["output"].list()) output += part["data"].text();
    if (output.size() > output_bytes_max) output = output.substr(0, output.rfind('\n', output_bytes_max) + 1) + "…\n";
    text += output;
    if (!page.empty()) text += fmt::format("{}/run/{}", page, brief);
    while (text.ends_with('\n')) text.pop_back();
    return said.append(text);
}

}  // namespace parley::bots
