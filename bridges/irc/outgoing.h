// What we say: deliveries become lines, lines go out at a pace, and answers become receipts. Pure but for the pace.
//
// The receipt is the echo of our line where the server echoes (its label, or else its text, says which line it is).
// After each burst, and where nothing is echoed after every few lines, "PING :parley-N" goes out as a fence: servers
// handle lines in order, so its PONG says that every line before it was taken, or was refused already.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridges/irc/session.h"
#include "bridges/irc/wire.h"
#include "bridges/kit/platform.h"
#include "bridges/kit/rate_limit.h"

namespace parley::irc {

class Outgoing {
public:
    // `wire` outlives it.
    Outgoing(kit::Host& host, const Session& session, const Settings& settings, const service::Clock& clock, Wire& wire);

    void deliver(const kit::Delivery& delivery);
    void answer(const Line& line);  // an echo, a PONG, an error
    void settled(const kit::DeliveryId& id);  // its answer is on disk
    // Sends what the pace allows. How long until more may go; nullopt: nothing waits.
    std::optional<std::chrono::microseconds> pump();
    std::size_t waiting() const { return queue_.size(); }

private:
    struct Item {  // one delivery
        kit::DeliveryId id;
        std::string key;  // as the wire knows it
        std::vector<Line> lines;
        std::vector<Line> marked;         // instead of them, if nobody knows whether they were said
        bool hold = false;                // then they are not said at all
        std::size_t sent = 0, taken = 0;  // of its lines
        std::string native_id;            // of the first line
    };
    struct Flying {  // a line on its way
        std::uint64_t number = 0;
        Item* item = nullptr;  // in items_; null once its delivery was refused
        std::string target, text;
    };

    bool lines_of(const kit::Delivery& delivery, Item& item, service::Error& why) const;
    std::vector<Line> spoken(const kit::Say& say, const std::string& room, std::string_view mark) const;
    Item* next();
    bool ready(const std::string& room) const;
    void look_up(const kit::Delivery& delivery, Item& item);
    bool found_in_history(Item& item);
    void fly(Item& item);
    void transmit(Item& item);
    void fence();
    std::string fence_name() const;
    void echoed(const Line& line);
    void fenced(std::uint64_t number);
    void failed(const Line& line);
    void taken(std::deque<Flying>::iterator flying, std::string native_id);
    void again(Item& item);
    void refuse(Item& item, const service::Error& why);
    void erase(Item& item);
    std::deque<Flying>::iterator by_label(const Line& line);

    kit::Host& host_;
    const Session& session_;
    const service::Clock& clock_;
    Wire& wire_;
    std::optional<kit::RateLimit> pace_;       // none: no limit
    std::deque<std::unique_ptr<Item>> items_;  // every delivery not answered yet
    std::deque<Item*> queue_;                  // those with lines to send, in order
    std::deque<Flying> flying_;
    std::set<std::string> recognised_;  // ids of our lines in the history that settled a doubt
    std::uint64_t number_ = 0;          // of the last line sent
    std::uint64_t fence_ = 0;           // of the last fence sent
};

}  // namespace parley::irc
