// From a message to what follows from it: a command to run, or a word about why not. A pure function of the
// settings and the message, so a message seen twice gives the same events with the same ids.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/bus/event.h"
#include "broker/bus/value.h"
#include "broker/dispatch/settings.h"

namespace parley::dispatch {

// Longer messages are talk, whatever they begin with.
constexpr std::size_t command_bytes_max = 8192;

class Dispatcher {
public:
    explicit Dispatcher(Settings settings);

    // Nothing for talk. Otherwise CommandRequested; or CommandRequested and RunFinished (denied); or a Message
    // of ours that says what is wrong with what was typed. The run's id is derived_id({"command", the message's
    // id}).
    std::vector<bus::Event> consider(const bus::Event& message) const;

    // The rule that lets this identity ask for the command in this room, if there is one.
    std::optional<std::string> rule(const std::string& command, const std::string& identity, bus::Strength strength,
                                    const bus::RoomAddress& room) const;

    // What the identity ("account/native-id") may ask in this room, for help and the page; without a room what it
    // may ask anywhere, and in `where` in which rooms and gateways alone; everything without both.
    bus::Value commands(const std::string& identity, const bus::RoomAddress& room) const;

private:
    bus::Event request(const bus::Event& message, const Command& command) const;
    std::vector<bus::Event> denied(const bus::Event& message, const Command& command, bool unproven) const;
    bus::Event reply(const bus::Event& message, const std::string& text) const;
    std::vector<bus::Event> login_hint(const bus::Event& message) const;
    std::string unknown_command(const std::string& typed) const;

    Settings settings_;
    std::vector<std::string> names_;
};

}  // namespace parley::dispatch
