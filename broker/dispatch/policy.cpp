#include "broker/dispatch/policy.h"

#include <algorithm>

namespace parley::dispatch {

namespace {

bool is_of(const std::vector<bus::Gateway>& gateways, std::string_view name, const bus::RoomAddress& room) {
    return std::any_of(gateways.begin(), gateways.end(), [&](const bus::Gateway& gateway) {
        return gateway.name == name &&
               std::find(gateway.rooms.begin(), gateway.rooms.end(), room) != gateway.rooms.end();
    });
}

}  // namespace

Decision decide(const Command& command, const Asker& asker, const std::vector<bus::Gateway>& gateways) {
    Decision decision;
    for (const auto& rule : command.allow) {
        bool allows = false;
        if (rule == "*") allows = true;
        else if (rule.starts_with("room:")) allows = rule.substr(5) == asker.room.text();
        else if (rule.starts_with("gateway:")) allows = is_of(gateways, rule.substr(8), asker.room);
        else if (rule == asker.identity) {
            allows = asker.strength >= command.proven;
            decision.unproven = decision.unproven || !allows;
        }
        if (!allows) continue;
        // For commands that let everyone do a little and some do all (cancel), being named matters more than "*".
        const bool better = !decision.rule || *decision.rule == "*";
        if (better) decision.rule = rule;
    }
    return decision;
}

}  // namespace parley::dispatch
