// JSON from a stranger, as a Value. The only place that knows nlohmann/json; writing is bus::Value::json().
#pragma once

#include <string_view>

#include "broker/bus/value.h"

namespace parley::server {

// At most 32 deep; Code::invalid otherwise, with the position.
service::Result<bus::Value> parse_json(std::string_view text);

}  // namespace parley::server
