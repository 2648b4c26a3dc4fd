// openapi.yaml, compiled in.
#pragma once

#include <string_view>

namespace parley::api {

std::string_view openapi_text();

}  // namespace parley::api
