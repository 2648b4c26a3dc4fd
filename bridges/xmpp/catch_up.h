// How far a room's catching up has come: what was said in an absence, from the room's archive (XEP-0313) or, without
// one, from the history that comes with joining (XEP-0045).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bridges/kit/delivery.h"
#include "bridges/xmpp/codec.h"

namespace parley::xmpp {

struct CatchUp {
    static constexpr std::size_t messages_max = 10'000;  // of one absence; the rest is marked as a gap
    static constexpr std::size_t held_max = 5'000;       // said meanwhile; beyond it the archive is asked once more

    // Where only times tell: clocks differ, and stamps may be whole seconds, so what is older than our place by less
    // than the slack may still be news; and so much before our place is looked at for what we had.
    static constexpr std::chrono::seconds slack{2}, look_back_time{60};

    // look_back: the page that ends with what we had last. It shows which of our own messages arrived just before.
    // forward: what followed. by_time: the archive does not know our place, or we have none.
    enum class Step { look_back, forward, by_time };

    kit::Seen from;
    bool archive = false;
    Step step = Step::look_back;
    std::string after;      // the last archive id that we have
    service::Time reached;  // and when it was said
    std::size_t fetched = 0;
    bool joins_up = false;            // nothing is missing between what we had and what came, or it is marked
    std::vector<MessageStanza> held;  // live: said behind what is being fetched
    bool held_overflow = false;
};

}  // namespace parley::xmpp
