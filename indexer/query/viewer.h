// Who asks, as the request says it.
#pragma once

#include "broker/bus/house_settings.h"
#include "broker/bus/value.h"
#include "indexer/search/index.h"

namespace parley::query {

// {operator?, identity?: "account/native-id", rooms?: ["account/room"], room?: asked in this room: it and the rooms of its
// gateways}. Whatever is missing gives no right.
search::Viewer viewer_of(const bus::Value& value, const bus::HouseSettings& house);
search::Names names_of(const bus::HouseSettings& house);

}  // namespace parley::query
