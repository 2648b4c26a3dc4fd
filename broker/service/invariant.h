// What must never be. On in every build: a broken invariant ends the process at once, with the reason.
#pragma once

namespace parley::service {

// The place is the caller's; as builtins, since clang 14 cannot compile libstdc++'s std::source_location.
void invariant(bool holds, const char* why, const char* file = __builtin_FILE(), unsigned line = static_cast<unsigned>(__builtin_LINE()));

}  // namespace parley::service
