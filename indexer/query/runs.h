// Runs as replies: one whole, a command's last, and how many ended how on each day.
#pragma once

#include "indexer/query/talk.h"

namespace parley::query {

service::Result<bus::Value> run_reply(const Seen& seen, const bus::Value& request);
// The last run of a command: in these rooms, or anywhere if there are none.
service::Result<bus::Value> last_reply(const Seen& seen, const std::string& command, const std::vector<bus::RoomAddress>& rooms);
bus::Value plot_reply(const Seen& seen, const bus::Value& request, service::Time now);

}  // namespace parley::query
