// From the broker to the platform: what is for a room goes into the outbox, is acknowledged when that is on disk, is
// degraded when its turn comes, and stays until the platform has answered for every part of it.
//
// All of it that one turn of the reactor brings is one transaction: what came goes in, what was answered goes out, what
// can be said next is marked as sent; it is said when that is written.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "bridges/kit/identity_map.h"
#include "bridges/kit/intake.h"
#include "bridges/kit/late.h"
#include "bridges/kit/outbox.h"
#include "bridges/kit/platform.h"
#include "broker/bus/dead_letters.h"

namespace parley::kit {

class Courier {
public:
    struct Parts {  // all outlive the courier
        service::Reactor& reactor;
        const service::Clock& clock;
        bus::Client& client;
        store::Env& env;
        IdentityMap& identities;
        Intake& intake;
        bus::DeadLetters& dead_letters;
        Names names;
        std::function<bus::CatchUp(const std::string& room)> catch_up;  // how much of long ago a room is told
        std::function<bool(const std::string& room)> holds_doubt;
    };
    Courier(Parts parts, OutboxLimits limits);

    void set_platform(Platform* platform);
    // A power cut may have taken from our disk what was said: what waits here is in doubt, and so is what the journal had by then.
    void doubt_what_waits();
    void doubt_until(bus::Sequence sequence) { doubt_until_ = sequence; }
    bool sync();  // true: our files are on disk; what was taken is acknowledged. False: it is tried again
    void take(std::vector<bus::Followed> events);
    // Whether a room can be spoken in is asked each time.
    void set_speakable(std::function<bool(const std::string& room)> speakable) { speakable_ = std::move(speakable); }
    void room_ready() { work_soon(); }
    void room_gone(const std::string& room);
    void all_gone();
    void answer(const DeliveryId& id, std::string native_id, std::string refusal);
    void known_as(const DeliveryId& id, const std::string& native_id);  // it is not answered by that
    // A dead letter is to be tried again: it goes to the end of its room's queue, on disk when this returns. Code::io.
    service::Result<void> again(const bus::Event& event, const std::string& room);
    void settle();  // puts the answers so far on record; it happens soon by itself, too

    const std::string& trouble() const { return trouble_; }  // why the outbox cannot be written; empty: it can
    std::size_t waiting() const { return outbox_.size(); }
    std::size_t waiting(const std::string& room) const { return outbox_.size(room); }

private:
    static constexpr auto retry_after = std::chrono::seconds(1);
    struct Flight {  // sent and not yet answered
        std::uint64_t ordinal = 0;
        bus::Event event;
        std::vector<std::optional<std::string>> answers;  // native ids, one for each part
        std::string refusal;
        service::Steady taken{}, sent{}, answered{};  // the last answer
        std::uint32_t attempts = 0;
        std::size_t refused_from = ~std::size_t{0};  // the first part that was refused
        bool told = false;  // its receipt is written
        bool complete() const;
        bus::Passage passage() const;
    };
    using FlightKey = std::pair<bus::EventId, std::string>;
    struct NotTaken {
        bus::EventId event;
        std::string room;
        bus::Visibility visibility{};
        std::string why;
    };
    struct Turn {  // what is to be done when its transaction is written, or undone when it is not
        std::vector<NotTaken> not_taken;
        std::vector<FlightKey> settled, started;
        std::vector<Delivery> out;
        std::set<std::string> cut_first;  // rooms where it is not said before the disk has how it was cut
    };
    struct Does {
        bool take = false, say = false;
    };

    void work_soon();
    void work();
    bool turn(Does does);  // false: it could not be written, and is as it was
    void carry_out(Turn turn, Does does);
    void undo(const Turn& turn);
    void put_off(Turn& turn);
    void try_again(service::Reactor::Handle& timer);
    bool sayable() const;
    void store(store::WriteTxn& txn, const bus::Followed& followed, Turn& turn);
    void remember(store::WriteTxn& txn, const std::string& room, const bus::Event& event);
    void say(store::WriteTxn& txn, const std::string& room, Turn& turn);
    bool set_aside(const Outbox::Entry& entry, const std::string& room);
    enum class Summed { nothing, some, later };
    Summed sum_up(store::WriteTxn& txn, const std::string& room);
    bool must_wait(const bus::Event& event, const std::string& room) const;
    void sync_soon();
    void complain(const store::Failure& failure);
    void better();  // something could be written
    void tell();
    bool tell_refusal(const std::string& room, bus::Visibility visibility, Delivered refused, std::string why);
    void keep_refusals();
    void settle_one(store::WriteTxn& txn, const FlightKey& key, const Flight& flight);

    Parts parts_;
    Platform* platform_ = nullptr;
    Outbox outbox_;
    std::function<bool(const std::string&)> speakable_;
    std::deque<bus::Followed> arrived_;
    bus::Sequence stored_ = 0, acknowledged_ = 0, doubt_until_ = 0;
    std::map<FlightKey, Flight> flights_;
    std::set<FlightKey> answered_;
    std::vector<std::pair<DeliveryId, std::string>> named_;  // to be written
    bool doubts_all_ = false;  // to be written: that all that waits may have been said
    std::vector<NotTaken> untold_;  // their receipts are not written yet; nothing is acknowledged meanwhile, so the credit limits them
    // What comes late comes in bulk: a room is told of it when no more of it has come for a moment.
    std::map<std::string, Arrivals> late_;           // by room
    std::map<std::string, service::Steady> looked_;  // when a room's queue was last looked through for it
    std::string trouble_;
    // Handles, not posts: a bridge that ends takes them along.
    service::Reactor::Handle work_soon_, take_again_, work_again_, work_later_, again_soon_, tell_again_, sync_timer_;
    bool sync_is_soon_ = false, refusal_told_ = false;
};

}  // namespace parley::kit
