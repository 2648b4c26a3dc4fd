// Who may say and offer what on the bus. Pure: role, name and settings decide.
#pragma once

#include <string>

#include "broker/bus/event.h"
#include "broker/bus/house_settings.h"

namespace parley::broker {

// Code ok: yes. What runs is journaled by the broker alone, whoever asks; a bridge speaks only as itself.
service::Error may_publish(bus::Role role, const std::string& name, const bus::Event& event, const bus::HouseSettings& house);
// A peer that says hello in this version of the protocol.
service::Error may_speak(std::uint32_t version);
// "account.NAME" belongs to that account's process, "broker" to nobody, the rest to everyone but bridges and workers.
service::Error may_serve(bus::Role role, const std::string& name, const std::string& service);

}  // namespace parley::broker
