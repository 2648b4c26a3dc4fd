// The site over a bus whose archive holds what the input says: for targets that play a browser.
#pragma once

#include "tests/fuzz/properties.h"
#include "tests/unit/web/fake_bus.h"
#include "web/pages/rich_text.h"
#include "web/server/json.h"

namespace parley::fuzz {

// An event of each kind that people see, all with `words` where a stranger's words may stand.
inline bus::Value events_with(std::string_view words) {
    const std::string text(words);
    auto said = testing::message(1, "lobby", "#ops", text, text);
    said.set("spans", bus::Value::List{bus::Value::map({{"kind", "link"}, {"begin", 0}, {"length", 4}, {"value", text}}),
                                       bus::Value::map({{"kind", "code"}, {"begin", 2}, {"length", 9}})});
    said.set("attachments", bus::Value::List{bus::Value::map({{"name", text}, {"url", text}, {"mime", text}})});
    auto joined = testing::message(2, "lobby", "#ops", "bob", "");
    joined.set("kind", "membership").set("change", "join").set("name", text).set("reason", text);
    auto topic = testing::message(3, "web", "ops", text, text);
    topic.set("kind", "topic");
    auto output = testing::message(4, "web", "ops", "parley", "");
    output.set("kind", "run_output").set("data", text).set("shown", text);
    auto asked = testing::message(5, "web", "ops", text, "");
    asked.set("kind", "command_requested").set("command", text).set("raw", text);
    return bus::Value::List{said, joined, topic, output, asked};
}

inline bus::Value hit_with(const std::string& text, const bus::Value& events) {
    using bus::Value;
    return Value::map({{"id", events.list()[0]["id"].text()}, {"brief", text}, {"sequence", 7}, {"time", text}, {"time_us", 1}, {"account", text}, {"room", text},
                       {"author", text}, {"author_id", text}, {"kind", text}, {"text", text}, {"run", text}, {"command", text}, {"outcome", text}, {"edited", true},
                       {"snippet", Value::List{Value::map({{"text", text}, {"hit", true}}), Value::map({{"text", text}, {"hit", false}})}},
                       {"before", events}, {"after", events}});
}

// A run of which every field that can hold words holds them.
inline bus::Value run_part(const std::string& text) {
    auto part = testing::message(6, "web", "ops", text, text);
    part.set("command", text).set("raw", text).set("detail", text).set("worker", text).set("rule", text).set("outcome", text).set("data", text).set("stream", text);
    return part.set("action", bus::Value::map({{"argv", bus::Value::List{text, text}}}));
}

// The archive and the broker answer each question with everything that any of them may hold.
inline void fill(testing::FakeBus& bus, std::string_view words) {
    using bus::Value;
    const auto events = events_with(words);
    const std::string text(words);
    const auto& first = events.list()[0];
    auto answer = Value::map({{"events", events}, {"event", first}, {"kind", "message"}, {"account", "lobby"}, {"room", "#ops"}, {"sequence", 1}, {"id", first["id"].text()}, {"more", true}});
    answer.set("total", 1).set("exact", true).set("took_us", 1).set("hits", Value::List{hit_with(text, events)});
    Value facets;
    for (const auto* facet : {"platform", "room", "person", "kind", "command", "outcome"})
        facets.set(facet, Value::List{Value::map({{"value", text}, {"count", 3}})});
    answer.set("facets", facets);
    answer.set("rooms", Value::List{Value::map({{"account", "lobby"}, {"room", text}, {"last_us", 5}})});
    for (const auto* part : {"requested", "started", "finished", "asked"}) answer.set(part, run_part(text));
    answer.set("output", Value::List{run_part(text)}).set("talk", events);
    answer.set("days", Value::List{Value::map({{"day", text}, {"outcomes", Value::map({{text, 3}})}})});
    answer.set("followers", Value::List{Value::map({{"name", text}, {"cursor", text}, {"lag", 2}, {"connected", true}, {"link", text}, {"reason", text}})});
    answer.set("commands", Value::List{Value::map({{"name", text}, {"summary", text}, {"help", text},
        {"parameters", Value::List{Value::map({{"name", text}, {"help", text}, {"summary", text}, {"required", true}, {"values", Value::List{text}}})}}})});
    for (const auto* method : {"search", "room", "rooms", "event", "run", "plot", "status"}) bus.answers[{"archive", method}] = [answer](const Value&) { return answer; };
    for (const auto* method : {"status", "commands"}) bus.answers[{"broker", method}] = [answer](const Value&) { return answer; };
}

}  // namespace parley::fuzz
