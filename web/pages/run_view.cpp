// One run: what was asked, by whom, what exactly was run, every line, how it ended, and the talk around it.
#include <algorithm>

#include "broker/bus/with_code.h"
#include "web/pages/layout.h"
#include "web/pages/rich_text.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

using bus::Value;

Html fact(std::string_view label, const Html& value, bool whole_line = false) {
    return value.empty() ? Html() : markup("<div{}><dt>{}</dt><dd>{}</dd></div>", {whole_line ? trusted(" class=\"whole\"") : Html(), label, value});
}

std::string quoted(const std::string& word) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n\"'\\$`;&|<>*?()[]{}#~") == std::string::npos;
    if (plain) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string{c};
    return out + "'";
}

std::string command_line(const Value& argv) {
    std::string out;
    for (const Value& word : argv.list()) out += (out.empty() ? "" : " ") + quoted(word.text());
    return out;
}

// Streams stay apart by their colour; the order is that of writing.
Html output(const Value& run) {
    Html lines;
    for (const Value& piece : run["output"].list()) {
        if (piece["data"].text().empty()) continue;  // words of ours for the room
        lines += markup("<span class=\"{}\">{}</span>", {piece["stream"].text("out"), piece["data"].text()});
    }
    if (lines.empty())
        return markup("<p class=\"quiet\">{}</p>",
                      {run["finished"].is_nil() ? "Nothing written yet." : "It wrote nothing."});
    return markup("<pre class=\"output\" tabindex=\"0\">{}</pre>", {lines});
}

// Only while it has not ended.
Html stopping(const Value& run, const RunView& view) {
    if (view.told_to_stop) return markup("<p class=\"quiet\" role=\"status\">It has been told to stop; load this page again to see how it ended.</p>");
    if (!view.may_cancel) return {};
    return markup("<form class=\"stop\" method=\"post\" action=\"{}/cancel\"><button type=\"submit\">Cancel this run</button></form>",
                  {run_address(run["id"].text())});
}

}  // namespace

Html run_view(const Value& run, const RunView& view) {
    const Value& requested = run["requested"];
    const Value& finished = run["finished"];
    const auto outcome =
        finished.is_nil() ? std::string(run["started"].is_nil() ? "waiting" : "running") : finished["outcome"].text();
    const auto room = requested["account"].text() + "/" + requested["room"].text();
    const Value& asked = run["asked"];
    const Html exit = finished["exit_code"].is_number() ? markup("{}", {finished["exit_code"].number()}) : Html();
    const Html took = finished.is_nil() ? Html()
                                        : escaped(service::for_people(std::chrono::microseconds(
                                              finished["took_us"].number(finished["took"].number()))));
    const Html size = finished.is_nil()
                          ? Html()
                          : markup("{}, {}{}", {plural(finished["output_lines"].number(), "line", "lines"),
                                                plural(finished["output_bytes"].number(), "byte", "bytes"),
                                                finished["truncated"].boolean() ? " (not all of it was kept)" : ""});
    const auto line = command_line(requested["action"]["argv"]);
    std::vector<Value> talk(run["talk"].list());
    if (asked.is_map()) {
        const auto later = std::find_if(talk.begin(), talk.end(), [&](const Value& one) {
            return one["sequence"].number() > asked["sequence"].number();
        });
        talk.insert(later, asked);
    }
    return markup(
        "<article class=\"run\"><h1><code>{}</code> {}</h1>{}{}<dl class=\"facts\">{}{}{}{}{}{}{}{}{}</dl>"
        "<section><h2>Output</h2>{}</section>{}</article>",
        {requested["raw"].text("!" + requested["command"].text()), badge(outcome),
         finished["detail"].text().empty() ? Html()
                                           : markup("<p class=\"detail\">{}</p>", {rich_text(bus::with_code(finished["detail"].text()))}),
         finished.is_nil() ? stopping(run, view) : Html(), fact("Asked by", escaped(requested["author"]["name"].text())),
         fact("In", markup("<a href=\"{}\">{}</a>",
                           {room_address(room, asked["sequence"].number(), asked["id"].text()), room})),
         fact("At", when(requested["time_us"].number(), true)),
         fact("Run", line.empty() ? Html() : markup("<code>{}</code>", {line}), true),
         fact("Worker", escaped(run["started"]["worker"].text())), fact("Took", took), fact("Exit code", exit),
         fact("Wrote", size), fact("Allowed by", escaped(requested["rule"].text())), output(run),
         talk.empty() ? Html()
                      : markup("<section><h2>The talk around it</h2><ol class=\"talk still\">{}</ol></section>",
                               {timeline(talk, view.timeline)})});
}

}  // namespace parley::pages
