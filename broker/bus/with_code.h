// Parley's own sentences mark code with backticks; rooms get spans, so that each platform shows code its own way.
#pragma once

#include <string_view>

#include "broker/bus/text.h"

namespace parley::bus {

// Each `…` becomes a span of code without its marks. A mark that has no other half, or nothing between, stays as it is.
Text with_code(std::string_view sentence);

}  // namespace parley::bus
