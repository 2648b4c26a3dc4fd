// The way of one event through the house, as far as the archive knows it.
#pragma once

#include "broker/bus/house_settings.h"
#include "indexer/query/talk.h"

namespace parley::query {

// {id}: {event, sequence, kind, author, room, native_id, said_us (by the platform's clock), received_us, journaled_us,
// rooms [{room, state: "delivered", "refused", "waiting" or "shown", at_us, journaled_us, native_ids, why}]}.
// "shown": a room of the page, which reads the journal itself.
service::Result<bus::Value> trace_reply(const Seen& seen, const bus::Value& request, const bus::HouseSettings& house);

}  // namespace parley::query
