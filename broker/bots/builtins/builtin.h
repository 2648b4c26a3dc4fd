// A command that is built in: one file each in this folder, listed in builtins.cpp.
#pragma once

#include <functional>
#include <string>

#include "broker/bus/client.h"
#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"

namespace parley::bots {

struct Answer {
    bus::Outcome outcome = bus::Outcome::succeeded;
    bus::Text shown;     // what the room sees
    std::string detail;  // why it failed
};

struct Asked {
    bus::Client& client;
    const bus::HouseSettings& house;
    const bus::Event& requested;        // CommandRequested; its author is who asked
    std::function<void(Answer)> done;   // once, now or later

    const bus::CommandRequested& command() const { return std::get<bus::CommandRequested>(requested.body); }
    std::string argument(std::string_view name) const;  // empty if it was not given
    std::string identity() const;                       // "account/native-id" of who asked
    std::string page() const;                           // base of links that open for who is here; empty: none would
    bus::Value viewer() const;  // what may be shown here: see docs/protocol.md, service "archive"
    void fail(const service::Error& error) const;
    // Asks a service; a refusal ends the run as failed.
    void query(const std::string& service, const std::string& method, const bus::Value& request, std::function<void(const bus::Value&)> then) const;
};

using Builtin = std::function<void(const Asked&)>;
Builtin find_builtin(std::string_view name);  // empty: there is none

void help(const Asked& asked);
void ping(const Asked& asked);
void status(const Asked& asked);
void search(const Asked& asked);
void show(const Asked& asked);
void last(const Asked& asked);
void cancel(const Asked& asked);

// What can be asked, in few lines even where there are many: each is a message of its own on some platforms, and
// beyond eight of them the rest is cut off. Declared commands first.
bus::Text overview(const bus::Value& commands, const std::string& prefix, const std::string& page);
// A run as text: who asked for what, where and when, how it ended, and its output.
bus::Text describe_run(const bus::Value& run, const std::string& page);
// "2026-11-23 09:36", UTC.
std::string when(const bus::Value& event);

}  // namespace parley::bots
