// !cancel [ID]: stops a run. One's own, without an id the latest; anyone's where a rule of the settings names who may.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"
#include "broker/bus/with_code.h"

namespace parley::bots {

void cancel(const Asked& asked) {
    const bool anyones = asked.command().rule != "*";
    const auto request = bus::Value::map({{"run", asked.argument("id")}, {"who", asked.requested.author.name}, {"identity", asked.identity()}, {"anyones", anyones}});
    asked.query("broker", "cancel", request, [asked](const bus::Value& reply) {
        asked.done({bus::Outcome::succeeded, bus::with_code(fmt::format("{} `{}` ({})", reply["state"].text(), reply["command"].text(), reply["run"].text().substr(0, 8))), {}});
    });
}

}  // namespace parley::bots
