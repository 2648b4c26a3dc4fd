// An event, degraded for one platform: what to do in one room.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/bus/event.h"
#include "broker/service/result.h"

namespace parley::kit {

struct DeliveryId {
    bus::EventId event;
    std::string room;        // native name of the room
    std::uint32_t part = 0;  // 0, 1 … when an event becomes several messages
    friend auto operator<=>(const DeliveryId&, const DeliveryId&) = default;
};

struct Say {
    bus::Text text;  // ready to show: the "<name> " and any quote are in it, unless the platform has puppets or replies
    bus::Message::Style style = bus::Message::Style::plain;
    bus::Author speaker;          // for puppets
    std::string reply_to;         // native id, only if capabilities.replies and the id is known
    std::string reply_to_author;  // the native name of who is replied to
};
struct Correct {            // only if capabilities.edits
    std::string native_id;  // our own earlier message
    bus::Text text;
};
struct Retract {  // only if capabilities.redactions
    std::string native_id;
    std::string reason;
};
struct React {  // only if capabilities.reactions
    std::string native_id;
    std::vector<std::string> emojis;  // all that stand now, from everyone over there: for platforms with sets
    std::string emoji;                // what changed
    bool added = true;
};
struct SetTopic {
    bus::Text text;
};

struct Delivery {
    DeliveryId id;
    std::variant<Say, Correct, Retract, React, SetTopic> what;
    // It may have been sent before: the link or the process died before an answer. A platform that can look it up
    // (echo, history, idempotency key) settles it; one that cannot sends it marked.
    bool in_doubt = false;
    std::string sent_through = {};  // what Platform::sent_through() was then
    // Where the platform cannot tell: it is refused with not_known instead of being sent marked.
    bool hold_in_doubt = false;
};

// Before what is said again though it may be there already.
inline constexpr std::string_view doubt_mark = "(maybe again) ";
service::Error not_known();  // refused since nobody can tell whether it was said

// What came back. Empty where the platform gives no ids ("unconfirmed").
struct Receipt {
    std::string native_id;
};
inline const Receipt unconfirmed{};

// What a platform's room last showed us durably: from here on history is asked for.
struct Seen {
    std::string native_id;
    service::Time time{};
};

struct BackfillRequest {
    std::string room;
    Seen after;
};

}  // namespace parley::kit
