// An event as what one platform can carry of it. Pure: the same event, capabilities and look-up give the same answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridges/kit/capabilities.h"
#include "bridges/kit/delivery.h"

namespace parley::kit {

// What a room knows of a message: born there, or delivered there by us.
struct Known {
    bus::EventId event;
    std::vector<std::string> native_ids;  // one for each part; empty while unknown
    std::string author_id, author_name;   // as on the platform where it was born
    std::string excerpt;                  // of its newest text
    bool ours = false;                    // delivered by us, so ours to correct and retract
    std::vector<std::string> reactions;   // that stand on it now, from everyone elsewhere
};
using Lookup = std::function<std::optional<Known>(const bus::EventId&)>;

struct Names {
    std::string own;   // our name in the room
    std::string page;  // the base of links, without "/" at its end; empty: there are none
};

// In the order in which they are to be said; ids are filled. Empty: nothing of this event is shown in rooms.
std::vector<Delivery> degrade(const bus::Event& event, const std::string& room, const Capabilities& capabilities,
                              const Lookup& lookup, const Names& names);

// The message that an event points to; a zero id if it points to none.
bus::EventId target_of(const bus::Event& event);

}  // namespace parley::kit
