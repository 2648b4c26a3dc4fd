// What a platform can carry, as data, said once. degrade() reads it; nobody asks "is it IRC?".
#pragma once

#include <cstddef>

namespace parley::kit {

enum class Unit { bytes, code_points, utf16 };

struct Capabilities {
    std::size_t text_max = 400;  // of one message, in `text_unit`
    Unit text_unit = Unit::bytes;
    bool multiline = false;   // a message may hold line breaks
    bool edits = false;       // native correction
    bool redactions = false;  // native removal of our own message
    bool reactions = false;
    bool replies = false;       // native reference to another message
    bool topics = false;        // we may set the topic
    bool history = false;       // backfill() works
    bool puppets = false;       // may speak under another's name: no "<name> " in the text
    bool styled = false;        // its markup can show spans
    bool receipts = false;      // says which native id our message got
    std::size_t parts_max = 8;  // of one long message; beyond it: head and permalink
};

}  // namespace parley::kit
