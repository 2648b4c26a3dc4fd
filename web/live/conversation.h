// One page's live connection to a room: what it missed, then what happens, and what its person writes.
//
// The page sends {type: "message" | "edit" | "redact" | "react", client_id, …} and gets {type: "ack", client_id,
// sequence, id} once that is durable, or {type: "refused", client_id, what, hint}. It gets the changes of
// pages/timeline.h, each with its sequence; after a break it asks again with the last one.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "web/live/hub.h"
#include "web/live/writer.h"
#include "web/pages/timeline.h"

namespace parley::live {

struct Live {
    server::Bus& bus;
    Hub& hub;
    Writer& writer;
    const bus::HouseSettings& house;
};

// Code::invalid: the request names no room.
service::Result<std::unique_ptr<server::Conversation>> converse(const Live& live, const server::Person& person,
                                                                const server::Request& request,
                                                                std::shared_ptr<server::Socket> socket);

}  // namespace parley::live
