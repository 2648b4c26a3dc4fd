// The real indexer, linked so that its index crashes on some words (see CMakeLists.txt).
#include <cstdlib>

#include "indexer/search/index.h"

#define TAKE _ZN6parley6search6Writer4takeERKNS_7archive4ViewERKNS_3bus5EventE
#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)

using parley::archive::View;
using parley::bus::Event;
using parley::search::Writer;

extern "C" void NAMED(__real_, TAKE)(Writer* writer, const View& view, const Event& event);
extern "C" void NAMED(__wrap_, TAKE)(Writer* writer, const View& view, const Event& event) {
    const auto* message = std::get_if<parley::bus::Message>(&event.body);
    if (message != nullptr && message->text.plain.find("poison") != std::string::npos) std::abort();
    NAMED(__real_, TAKE)(writer, view, event);
}
