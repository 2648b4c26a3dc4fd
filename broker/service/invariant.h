// What must never be. On in every build: a broken invariant ends the process at once, with the reason.
#pragma once

#include <source_location>

namespace parley::service {

void invariant(bool holds, const char* why, std::source_location where = std::source_location::current());

}  // namespace parley::service
