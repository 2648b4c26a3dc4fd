// An event of each kind, every field filled with something that would show if it went missing.
#pragma once

#include <vector>

#include "broker/bus/event.h"

namespace parley::bus::samples {

inline EventId id_of(std::string_view what) { return derived_id({"sample", what}); }

inline Event envelope(Body body) {
    Event event;
    event.body = std::move(body);
    event.id = id_of(name(event.kind()));
    event.time = service::Time(std::chrono::microseconds(1'795'426'560'123'456));
    event.received = service::Time(std::chrono::microseconds(1'795'426'560'200'000));
    event.origin = {{"lobby", "#ops"}, "native-77", Visibility::members};
    event.author = {"alice@example.org", "Alice", Strength::account, false, "https://example.org/a.png"};
    event.correlation = id_of("correlation");
    event.hops = 1;
    return event;
}

inline Text rich() {
    Text text("see ");
    text.append("the log", Span::Kind::link, "https://example.org/log").append(Text(" – ")).append("grün", Span::Kind::bold);
    return text;
}

inline std::vector<Event> all() {
    const Reference target{id_of("target"), "native-76"};
    Action action{Action::Kind::exec, {"/usr/bin/uptime", "-p"}, "/srv", {{"LANG", "C"}}, std::chrono::milliseconds(10000), 4096, 5,
                  "deploy", 2, true};
    const auto moment = service::Time(std::chrono::microseconds(1'795'426'000'000'000));
    return {
        envelope(Message{rich(), Message::Style::action, target, "thread-1", {{"a.png", "image/png", "https://example.org/a", 123456}}}),
        envelope(Edit{target, 3, rich()}),
        envelope(Redaction{target, "spam"}),
        envelope(Reaction{target, "👍", false}),
        envelope(Membership{Membership::Change::rename, "bob", "Bob", "Bobby", "bored"}),
        envelope(Topic{Text("releases on Monday")}),
        envelope(CommandRequested{target, "deploy", "!deploy --env=prod", {{"env", "prod"}}, action, "room:lobby/#ops"}),
        envelope(RunStarted{id_of("run"), "worker-1", 2}),
        envelope(RunOutput{id_of("run"), 7, RunOutput::Stream::err, "line\n", Text("line")}),
        envelope(RunFinished{id_of("run"), Outcome::failed, -11, std::chrono::microseconds(1234567), "signal 11", 5000, 80, true, rich()}),
        envelope(Gap{moment, moment + std::chrono::hours(2), "the server keeps an hour"}),
        envelope(Receipt{id_of("target"), {"m1", "m2"}, "too long", {}}),
    };
}

}  // namespace parley::bus::samples
