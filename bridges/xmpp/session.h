// What we know while signed in: rooms, who is in them, and which of our messages wait for the room to show them.
// Pure but for its outlets: stanzas go out through `send`, facts through the host. Times come from the clock.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridges/kit/platform.h"
#include "bridges/xmpp/catch_up.h"
#include "bridges/xmpp/codec.h"
#include "bridges/xmpp/memory.h"
#include "broker/service/backoff.h"

namespace parley::xmpp {

class Session {
public:
    struct Outlets {
        kit::Host& host;
        const service::Clock& clock;
        service::Random& random;
        std::function<void(const Element&)> send;
        // The link is dead, whatever the socket says; `session_too`: it is not to be resumed.
        std::function<void(const service::Error&, bool session_too)> give_up;
    };

    struct Patience {
        std::chrono::milliseconds ping_after{60'000};    // server and rooms are asked whether they are there
        std::chrono::milliseconds ping_timeout{30'000};  // and are not, if they do not answer
    };

    Session(Outlets outlets, std::string nick, std::vector<std::string> rooms, const std::string& folder, Patience patience);
    Session(Outlets outlets, std::string nick, std::vector<std::string> rooms, const std::string& folder)
        : Session(std::move(outlets), std::move(nick), std::move(rooms), folder, Patience{}) {}

    void link_up(const std::string& bound_jid, bool resumed = false);
    void link_lost();
    void leave_all();
    void handle(const Element& stanza);
    void deliver(const kit::Delivery& delivery);
    void doubted(const kit::DeliveryId& id);
    void tick();  // about once a second: pings, deadlines, joining again

    // The id that a delivery's message carries: the same in every life of the process.
    static std::string message_id(const kit::DeliveryId& id);
    static bool is_message_id(std::string_view id);

private:
    struct Occupant {
        std::string real_jid, occupant_id;
    };
    struct Room {
        Room(std::string address, std::string name, service::Random& random);
        std::string jid, nick;
        // asking: whether there is an archive. history: what comes with joining. catching_up: what the archive has.
        enum class State { out, asking, joining, history, catching_up, in } state = State::out;
        unsigned conflicts = 0;
        service::Steady since{}, next_try{}, ping_at{};
        std::string ping_id, query_id;
        service::Backoff backoff;
        bool was_in = false;                    // when the link went down
        bool settling = false;                  // resumed: what was said before is to come first, or to be said again first
        bool keeps_ids = false;                 // it has shown a message of ours under the id that we gave it, since we came
        bool may_lack = false;                  // some of its history could not be read: what is not there may have been said
        bool discard_history = false;           // a first join: what was said before us is not ours to bridge
        std::optional<CatchUp> catch_up;        // of an absence; from joining until we are in
        std::optional<service::Time> been_in_since;  // in this process
        std::map<std::string, Occupant> occupants, before;  // by nick; before: when we were last in
        std::optional<std::string> topic;
    };
    struct Pending {
        kit::Delivery delivery;
        std::string id;
        service::Steady sent{};
        bool is_sent = false;
        bool was_sent = false;     // before the link went down: it arrives if the session is resumed
        bool carried = false;      // into a resumed session, unless the link went down before it was on the wire
        bool from_before = false;  // the link went down since: not to be answered until the kit asks again
        unsigned tries = 0;
    };

    Room* room_of(const std::string& jid);
    bool ours(const Room& room, const MessageStanza& m) const;
    bus::Author author_of(const Room* room, const MessageStanza& m) const;
    std::string native_id(const MessageStanza& m) const;
    bus::Event event(const MessageStanza& m, const Room* room) const;

    void on_message(const MessageStanza& m);
    void on_room_message(Room& room, const MessageStanza& m);
    void on_content(Room* room, const MessageStanza& m);
    void on_reactions(Room* room, const MessageStanza& m, const std::string& room_name);
    void on_topic(Room& room, const MessageStanza& m);
    void on_error(const MessageStanza& m);
    void on_presence(const PresenceStanza& p);
    void on_join_error(Room& room, const PresenceStanza& p);
    void on_own_presence(Room& room, const PresenceStanza& p);
    void on_occupant(Room& room, const PresenceStanza& p);
    void on_iq(const Element& iq);

    void go_on_in(Room& room);
    void say_again_what_was_not_shown(Room& room);
    void say_what_waits(const Room& room);
    void try_join(Room& room);
    void join_room(Room& room);
    void history_ended(Room& room);
    void entered(Room& room);
    // In session_catch_up.cpp.
    void on_features(Room& room, const Element& iq);
    void ask_page(Room& room);
    void on_archived(const Archived& archived);
    void on_archive_page(Room& room, const Element& iq);
    void archive_fails(Room& room, const std::string& why);
    bool is_news(Room& room, const MessageStanza& m);
    void hold(Room& room, const MessageStanza& m);
    void caught_up(Room& room);
    void gap(Room& room, service::Time from, service::Time to, std::string why);
    void out_of(Room& room, const service::Error& reason, std::chrono::milliseconds least_wait = {});
    void membership(Room& room, bus::Membership change);
    void send_pending(Pending& pending);
    void settle(Room& room, const MessageStanza& m);
    void settled(const std::string& id, const std::string& native_id);
    void answer_pending(const std::string& id, const std::string& native_id);
    void refuse(const std::string& id, const service::Error& reason);
    std::optional<Element> encode(const kit::Delivery& delivery, const std::string& id, service::Error& why_not);
    To to(const std::string& room);
    std::string fresh_id();

    Outlets out_;
    std::string nick_, own_jid_, domain_;
    const Patience patience_;
    bool answered_ = true;  // something that was asked since the session was resumed: else it does not get better by that
    bool up_ = false;
    std::map<std::string, Room> rooms_;
    Memory memory_;
    std::map<std::string, Pending> pending_;          // by message id
    std::unordered_map<std::string, kit::DeliveryId> doubted_;  // of an earlier process, until it is asked for again
    std::vector<std::string> order_;                  // of pending, as handed to us
    std::unordered_map<std::string, std::string> settled_;  // message id -> native id, of ours that a room has shown
    std::deque<std::string> settled_order_;
    std::string ping_id_;
    service::Steady ping_sent_{}, ping_next_{};
    std::uint64_t counter_ = 0;
};

}  // namespace parley::xmpp
