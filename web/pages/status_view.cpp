// How the system is: the links, the followers' lag, the accounts, the queue of jobs. And what can be asked of it.
#include "web/pages/layout.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

using bus::Value;

Html light(bool good, std::string_view yes, std::string_view no) {
    return markup("<span class=\"light {}\">{}</span>", {good ? "good" : "bad", good ? yes : no});
}

std::string shown(const Value& value) {
    if (value.is_text()) return value.text();
    if (value.is_number()) return grouped(value.number());
    if (value.is_nil()) return "–";
    return value.json();
}

Html table(const std::vector<std::string>& heads, const Html& rows) {
    Html head;
    for (const auto& one : heads) head += markup("<th scope=\"col\">{}</th>", {one});
    return markup("<div class=\"table\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
                  {head, rows});
}

Html tile(std::string_view label, const Html& value) {
    return markup("<div class=\"tile\"><dt>{}</dt><dd>{}</dd></div>", {label, value});
}

Html followers(const Value& list) {
    Html rows;
    for (const Value& one : list.list()) {
        rows += markup(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            {one["name"].text(), light(one["connected"].boolean(), "connected", "away"), shown(one["lag"]),
             shown(one["cursor"])});
    }
    return table({"Follower", "Link", "Lag", "Cursor"}, rows);
}

std::string reason_of(const Value& status) {
    const auto trouble = status["trouble"].text();
    return trouble.empty() ? status["reason"].text() : trouble;
}

Html accounts(const StatusView& view) {
    Html rows;
    for (const auto& [name, status] : view.accounts) {
        const bool up = status && ((*status)["link"].text() == "up" || (*status)["link"].text() == "online" ||
                                   (*status)["link"].boolean());
        rows += markup(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td "
            "class=\"number\">{}</td><td class=\"words\">{}</td></tr>",
            {name,
             light(up, status && (*status)["link"].is_text() ? (*status)["link"].text() : "up",
                   status ? (*status)["link"].text("down") : "away"),
             status ? shown((*status)["outbox"]) : "–", status ? shown((*status)["spool"]) : "–",
             status ? reason_of(*status) : "its bridge does not answer"});
    }
    return table({"Account", "Link", "Outbox", "Spool", ""}, rows);
}

Html parameter(const Value& one) {
    const auto name = one["name"].text();
    std::string form = one["values"].list().empty() ? name : "";
    for (const Value& value : one["values"].list()) form += (form.empty() ? "" : "|") + value.text();
    return markup(" <var>{}</var>", {(one["required"].boolean(true) ? form : "[" + form + "]")});
}

// Where alone a command can be asked: rules of the settings, as people say them.
Html places(const Value& one) {
    std::string text;
    for (const Value& rule : one["where"].list()) {
        const auto words = rule.text();
        text += (text.empty() ? "" : ", ") + std::string(words.starts_with("gateway:") ? "" : "the room ") + words.substr(words.find(':') + 1);
    }
    return text.empty() ? Html() : markup("<p class=\"where\">Only in {}</p>", {text});
}

}  // namespace

Html status_view(const StatusView& view) {
    Html tiles = tile("Broker", light(view.bus_up && view.broker, "up", "away"));
    tiles += tile("Archive", light(view.archive.has_value(), "up", "away"));
    if (view.broker) {
        const Value& broker = *view.broker;
        tiles += tile("Journal", escaped(shown(broker["sequence"])));
        tiles += tile("Jobs waiting", escaped(shown(broker["jobs"]["queued"]))) +
                 tile("Jobs running", escaped(shown(broker["jobs"]["running"])));
    }
    if (view.archive) {
        const Value& archive = *view.archive;
        tiles += tile("Documents", escaped(shown(archive["documents"])));
        if (archive["lag_us"].is_number())
            tiles += tile("Index behind by",
                          escaped(service::for_people(std::chrono::microseconds(archive["lag_us"].number()))));
    }
    Html out = markup("<h1>Status</h1><dl class=\"tiles\">{}</dl>", {tiles});
    if (view.broker && !(*view.broker)["trouble"].text().empty())
        out += problem({service::Code::io, (*view.broker)["trouble"].text(), {}});
    if (view.archive && !(*view.archive)["trouble"].text().empty())
        out += problem({service::Code::io, (*view.archive)["trouble"].text(), {}});
    if (!view.accounts.empty()) out += markup("<section><h2>Accounts</h2>{}</section>", {accounts(view)});
    if (view.broker)
        out += markup("<section><h2>Followers</h2>{}</section>", {followers((*view.broker)["followers"])});
    return out + markup(
                     "<p class=\"quiet\">For machines: <a href=\"/metrics\">/metrics</a>, <a "
                     "href=\"/healthz\">/healthz</a>, <a href=\"/api/status\">/api/status</a>, <a "
                     "href=\"/api/openapi.yaml\">the API</a>.</p>");
}

Html commands_view(const Value& commands, const std::string& prefix, const std::optional<service::Error>& error) {
    Html out = markup(
        "<h1>Commands</h1><p class=\"quiet\">Type one in any room. It runs once, its answer goes to every room of "
        "the gateway, and the record stays.</p>{}",
        {error ? problem(*error) : Html()});
    Html entries;
    const Value& list = commands.is_list() ? commands : commands["commands"];
    for (const Value& one : list.list()) {
        Html parameters, help;
        for (const Value& p : one["parameters"].list()) {
            parameters += parameter(p);
            const auto about = p["help"].text(p["summary"].text());
            if (!about.empty()) help += markup("<li><var>{}</var> {}</li>", {p["name"].text(), about});
        }
        entries += markup(
            "<li class=\"card\" id=\"{}\"><code class=\"usage\">{}{}{}</code><p>{}</p>{}{}<a class=\"quiet\" "
            "href=\"{}\">Its runs</a></li>\n",
            {one["name"].text(), prefix, one["name"].text(), parameters, one["summary"].text(),
             help.empty() ? help : markup("<ul>{}</ul>", {help}), places(one), search_address("command:" + one["name"].text())});
    }
    return out + markup("<ul class=\"cards commands\">{}</ul>", {entries});
}

}  // namespace parley::pages
