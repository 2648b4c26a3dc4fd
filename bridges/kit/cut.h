// What an event was cut by when it was said first. Said again in doubt, it must become the same parts, or what is known of
// the first of them would be taken for others: but its quote may have been edited since, and a server's limits change.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridges/kit/degrade.h"

namespace parley::kit {

struct Cut {
    std::size_t text_max = 0;      // as Capabilities has it
    std::optional<Known> target;   // what the event pointed to, as it was then; without its reactions
};

Cut cut_of(const bus::Event& event, const Capabilities& capabilities, const Lookup& lookup);
// degrade() as it was then, but for the reactions that stand now.
std::vector<Delivery> degrade(const bus::Event& event, const std::string& room, const Capabilities& capabilities,
                              const Lookup& lookup, const Names& names, const Cut& cut);

// Whether `said`, once cut from `event`, could become other parts under another cut: then its own must outlive a power cut, too.
bool depends_on_cut(const bus::Event& event, const std::vector<Delivery>& said, const Capabilities& capabilities);

std::string encode(const Cut& cut);
std::optional<Cut> decode_cut(std::string_view bytes);  // nullopt: it is none

}  // namespace parley::kit
