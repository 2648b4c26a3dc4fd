// Which part of the settings each program reads: it is started again when that part changes.
#pragma once

#include <string>

#include "broker/bus/house_settings.h"
#include "tools/parley/supervisor.h"

namespace parley::cli {

// Equal texts: nothing has changed for it.
std::string depends_on(const Command& command, service::Table& root, const bus::HouseSettings& house);

}  // namespace parley::cli
