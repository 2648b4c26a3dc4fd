// An event as a map, for the query services, the API and exports.
#pragma once

#include "broker/bus/event.h"
#include "broker/bus/value.h"

namespace parley::bus {

// id, brief, sequence, kind, time (ISO 8601), time_us, account, room, native_id, visibility, author {…}, and the body's
// fields under their names in event.h. Texts are their plain text, with the spans beside them ("text" and "spans",
// "shown" and "shown_spans"); a membership's own id and name are "member" and "member_name".
Value to_value(const Event& event);
Value to_value(const std::vector<Span>& spans);

}  // namespace parley::bus
