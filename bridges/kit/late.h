// What was said so long ago that telling it one by one would be a flood: how much of it is left out, and the line that says so.
// Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bridges/kit/degrade.h"
#include "bridges/kit/outbox.h"
#include "broker/bus/house_settings.h"

namespace parley::kit {

// Said longer ago than that before its turn: it is caught up with, and no longer live.
constexpr std::chrono::minutes late_after{5};
// More may be on its way for so long after some came, and all in all.
constexpr std::chrono::milliseconds late_quiet{500};
constexpr std::chrono::seconds late_patience{30};
constexpr std::size_t late_at_once_max = 10000;  // summed up in one line

struct Arrivals {  // of what is late
    service::Steady first{}, last{};
};

bool is_late(const bus::Event& event, service::Time now);
// Of these, oldest first, those that are left out: what is older than the limit, and if more than its count are late all but the
// newest half of it, so that a lasting flood is not a line about lines. Gaps, topics and earlier summaries are always told.
std::vector<Outbox::Entry> left_out(std::vector<Outbox::Entry> queued, const std::string& room, const bus::CatchUp& limit, service::Time now);
// "312 messages of 2026-11-28 12:03 to 2026-11-28 12:41 are not repeated here: http://page/m/ID"
bus::Event summary_of(const std::vector<Outbox::Entry>& entries, const std::string& room, const Names& names, service::Time now);

}  // namespace parley::kit
