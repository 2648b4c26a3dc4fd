// Who may ask what: rules that allow, and nothing else. Pure.
#pragma once

#include <optional>
#include <string>

#include "broker/dispatch/settings.h"

namespace parley::dispatch {

struct Asker {
    std::string identity;  // "account/native-id"
    bus::Strength strength = bus::Strength::nickname;
    bus::RoomAddress room;
};

struct Decision {
    std::optional<std::string> rule;  // the first that allows it
    bool unproven = false;            // a rule names them, but they may be anyone with that nickname
};

Decision decide(const Command& command, const Asker& asker, const std::vector<bus::Gateway>& gateways);

}  // namespace parley::dispatch
