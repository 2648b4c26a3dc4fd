// !last NAME: the latest run of a command.
#include "broker/bots/builtins/builtin.h"

namespace parley::bots {

void last(const Asked& asked) {
    const auto request = bus::Value::map({{"command", asked.argument("command")}, {"viewer", asked.viewer()}, {"room", asked.requested.origin.room.text()}});
    asked.query("archive", "last", request, [asked](const bus::Value& run) { asked.done({bus::Outcome::succeeded, describe_run(run, asked.page()), {}}); });
}

}  // namespace parley::bots
