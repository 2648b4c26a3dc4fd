// What IRC can carry. Pure.
#pragma once

#include "bridges/irc/session.h"
#include "bridges/kit/capabilities.h"

namespace parley::irc {

// Before a session is up (null): the least that any server in use allows.
kit::Capabilities capabilities_of(const Session* session);

}  // namespace parley::irc
