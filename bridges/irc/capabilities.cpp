// See capabilities.h.
#include "bridges/irc/capabilities.h"

#include <algorithm>

namespace parley::irc {

kit::Capabilities capabilities_of(const Session* session) {
    constexpr std::size_t target_least = 32;  // a nick that writes to us
    constexpr std::size_t around_action = 9;
    kit::Capabilities out;
    out.text_max = 300;
    out.text_unit = kit::Unit::bytes;
    out.topics = true;
    out.styled = true;
    if (session == nullptr) return out;
    const auto target = std::max(session->rooms().longest_name(), target_least);
    out.text_max = session->text_max(target) - around_action;
    out.receipts = session->has("echo-message") && session->has("message-tags");
    const bool tags = out.receipts && session->tags_wanted();
    out.replies = tags && session->isupport().passes_tag("draft/reply");
    out.reactions = out.replies && session->isupport().passes_tag("draft/react");
    out.redactions = out.receipts && session->has("draft/message-redaction");
    out.history = session->keeps_history();
    return out;
}

}  // namespace parley::irc
