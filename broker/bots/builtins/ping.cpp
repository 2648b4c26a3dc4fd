// !ping: whether anybody is there.
#include "broker/bots/builtins/builtin.h"

namespace parley::bots {

void ping(const Asked& asked) { asked.done({bus::Outcome::succeeded, "pong", {}}); }

}  // namespace parley::bots
