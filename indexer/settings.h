// What the indexer reads of the settings file.
#pragma once

#include <chrono>

#include "broker/bus/house_settings.h"
#include "broker/service/settings.h"

namespace parley::indexer {

struct Settings {
    bus::HouseSettings house;
    std::chrono::milliseconds commit_every{250};  // how long what was said may not be found yet; three times that under load
};

Settings read_settings(service::Table& root);

}  // namespace parley::indexer
