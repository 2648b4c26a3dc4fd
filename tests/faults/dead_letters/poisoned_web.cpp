// The real page, linked so that it crashes on some words (see CMakeLists.txt).
#include <cstdlib>

#include "web/live/hub.h"

#define TAKE _ZN6parley4live3Hub4takeERKNS_3bus5EventE
#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)

using parley::bus::Event;
using parley::live::Hub;

extern "C" void NAMED(__real_, TAKE)(Hub* hub, const Event& event);
extern "C" void NAMED(__wrap_, TAKE)(Hub* hub, const Event& event) {
    const auto* message = std::get_if<parley::bus::Message>(&event.body);
    if (message != nullptr && message->text.plain.find("poison") != std::string::npos) std::abort();
    NAMED(__real_, TAKE)(hub, event);
}
