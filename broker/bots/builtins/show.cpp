// !show ID: the whole of one message or run.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"

namespace parley::bots {
namespace {

std::string describe_event(const bus::Value& event, const std::string& page) {
    auto text = fmt::format("{} {}/{} <{}> {}", when(event), event["account"].text(), event["room"].text(), event["author"]["name"].text(), event["text"].text(event["kind"].text()));
    for (const auto& version : event["versions"].list()) {
        if (const auto earlier = version["text"].text(); !earlier.empty() && earlier != event["text"].text()) text += "\n  before: " + earlier;
    }
    if (!page.empty()) text += fmt::format("\n{}/m/{}", page, event["brief"].text());
    return text;
}

}  // namespace

void show(const Asked& asked) {
    const auto request = bus::Value::map({{"id", asked.argument("id")}, {"viewer", asked.viewer()}});
    asked.query("archive", "event", request, [asked, request](const bus::Value& event) {
        const auto kind = event["kind"].text();
        const bool of_run = kind == "command_requested" || kind.starts_with("run_");
        const auto run = kind == "command_requested" ? event["id"] : event["correlation"];
        if (!of_run || !run.is_text()) {
            return asked.done({bus::Outcome::succeeded, describe_event(event, asked.page()), {}});
        }
        asked.query("archive", "run", bus::Value::map({{"id", run.text()}, {"viewer", asked.viewer()}}), [asked](const bus::Value& whole) {
            asked.done({bus::Outcome::succeeded, describe_run(whole, asked.page()), {}});
        });
    });
}

}  // namespace parley::bots
