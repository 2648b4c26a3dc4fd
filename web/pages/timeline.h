// A room's talk as list items: the same markup whether it comes with the page or live. Edits, redactions, reactions
// and runs are folded into the message that they belong to.
#pragma once

#include <string>
#include <vector>

#include "broker/bus/value.h"
#include "web/pages/html.h"

namespace parley::pages {

struct TimelineOptions {
    std::string own_id;  // whose messages may be edited here; empty: nobody's
    std::string own_account = "web";
    std::int64_t marked = 0;  // the sequence that the reader came for
    bool rooms = false;       // say where each message was born
};

// `events` in the order of the journal.
Html timeline(const std::vector<bus::Value>& events, const TimelineOptions& options);

// What one live event does to a page that is already there, as a map for the page's script:
// {type: "add", html} · {type: "edit" | "redact" | "react" | "run", …}; nil where there is nothing to show.
bus::Value live_change(const bus::Value& event, const TimelineOptions& options);

// How messages are found on the page: by id, or by the native id in their room.
std::string native_key(const bus::Value& event, std::string_view native_id);

}  // namespace parley::pages
