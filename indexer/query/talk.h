// Events and rooms as replies.
#pragma once

#include "broker/bus/value.h"
#include "broker/service/result.h"
#include "indexer/archive/view.h"
#include "indexer/search/index.h"

namespace parley::query {

// An archive at one moment, seen by somebody.
struct Seen {
    const archive::View& view;
    const search::Sight& sight;
    bool sees(const bus::Event& event) const { return sight.sees(view, event); }
};

// to_value(event) as it stands now: a message with its latest text, `edited` and `redacted`; nothing redacted is told.
bus::Value as_it_stands(const archive::View& view, const bus::Event& event);

service::Result<bus::Value> event_reply(const Seen& seen, const bus::Value& request);
service::Result<bus::Value> room_reply(const Seen& seen, const bus::Value& request);
bus::Value rooms_reply(const Seen& seen);
bus::Value export_reply(const archive::View& view, const bus::Value& request);
// The messages next to one, at most `count` on each side, oldest first.
bus::Value::List beside(const Seen& seen, const bus::Event& event, std::size_t count, bool before);

}  // namespace parley::query
