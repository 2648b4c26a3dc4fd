// The text model as HTML: spans become elements, addresses become links, strangers' markup becomes text.
#pragma once

#include "broker/bus/text.h"
#include "broker/bus/value.h"
#include "web/pages/html.h"

namespace parley::pages {

// Of an event's map: the words under `name`, their spans beside them (bus/event_value.h).
bus::Text text_of(const bus::Value& event, std::string_view name = "text");
Html rich_text(const bus::Text& text);
// Only addresses that cannot run anything: http, https, mailto, xmpp, irc.
bool safe_address(std::string_view url);

}  // namespace parley::pages
