// The log of a simulated house: lines of the trace, in virtual time; linked instead of broker/service/log.cpp.
#include "broker/service/log.h"

#include "tests/faults/simulation/world.h"

namespace parley::service::log {
namespace {

void write(std::string_view what, Fields fields) {
    auto* world = simulation::World::here_or_null();
    if (world != nullptr && world->tracing) world->trace("log: " + line(what, fields));
}

}  // namespace

std::string line(std::string_view what, Fields fields) {
    std::string out(what);
    for (const auto& field : fields) ((((out += ' ') += field.key) += '=') += field.value);
    return out;
}

void debug(std::string_view what, Fields fields) { write(what, fields); }
void info(std::string_view what, Fields fields) { write(what, fields); }
void warning(std::string_view what, Fields fields) { write(what, fields); }
void error(std::string_view what, Fields fields) { write(what, fields); }
void set_level(Level) {}
void set_process(std::string_view) {}

}  // namespace parley::service::log
