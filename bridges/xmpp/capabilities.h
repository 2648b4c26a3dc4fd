// What a room with current XMPP clients can carry.
#pragma once

#include "bridges/kit/capabilities.h"

namespace parley::xmpp {

constexpr kit::Capabilities capabilities() {
    kit::Capabilities out;
    out.text_max = 8000;
    out.text_unit = kit::Unit::bytes;
    out.multiline = true;
    out.edits = true;
    out.redactions = true;
    out.reactions = true;
    out.replies = true;
    out.topics = true;
    out.history = true;  // the room's archive, or what comes with joining it; read before we say that we are in
    out.styled = true;
    out.receipts = true;
    return out;
}

}  // namespace parley::xmpp
