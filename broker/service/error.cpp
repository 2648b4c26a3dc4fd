#include "broker/service/error.h"

#include <cstdio>
#include <cstdlib>

#include "broker/service/invariant.h"

namespace parley::service {

std::string_view name(Code code) {
    switch (code) {
        case Code::ok: return "ok";
        case Code::invalid: return "invalid";
        case Code::not_found: return "not_found";
        case Code::denied: return "denied";
        case Code::conflict: return "conflict";
        case Code::unavailable: return "unavailable";
        case Code::timeout: return "timeout";
        case Code::limit: return "limit";
        case Code::unsupported: return "unsupported";
        case Code::io: return "io";
        case Code::settings: return "settings";
    }
    return "unknown";
}

std::string Error::text() const { return hint.empty() ? what : what + " (" + hint + ")"; }

void invariant(bool holds, const char* why, const char* file, unsigned line) {
    if (holds) return;
    std::fprintf(stderr, "invariant broken at %s:%u: %s\n", file, line, why);
    std::abort();
}

}  // namespace parley::service
