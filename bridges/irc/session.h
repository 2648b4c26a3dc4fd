// One connection's state machine: lines in, effects out. Registration, rooms and what people say; no sockets, no
// clock.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridges/irc/effects.h"
#include "bridges/irc/history.h"
#include "bridges/irc/isupport.h"
#include "bridges/irc/registration.h"
#include "bridges/irc/rooms.h"
#include "bridges/irc/settings.h"
#include "broker/service/clock.h"

namespace parley::irc {

// The moment at which something is handled.
struct Now {
    service::Time time;      // for events from servers without server-time
    service::Steady steady;  // for waiting
    // The line's number on its connection, if somebody counts who was there before us; 0: counted here.
    std::uint64_t line = 0;
};

class Session {
public:
    // `settings` outlives it. A session is one connection: make a new one for the next.
    Session(const Settings& settings, std::vector<std::string> rooms, Now born);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // A connection that has a name of its own: the same for every process that hears it.
    void named(service::Time connection);
    Effects start();
    // Instead of start(): a connection that was there before. `lines` tell its state, and are not told to anybody.
    Effects resume(const std::vector<Line>& lines, Now now);
    // Such lines, for the next; nullopt while something is under way that they cannot tell.
    std::optional<std::vector<Line>> state() const;
    Effects receive(const Line& line, Now now);
    Effects tick(Now now);
    std::optional<service::Steady> due() const;  // when tick() has something to do
    Effects catch_up(const kit::BackfillRequest& request, Now now);

    bool up() const { return up_; }
    const std::string& nick() const { return nick_; }
    const Isupport& isupport() const { return isupport_; }
    const Rooms& rooms() const { return rooms_; }
    const History& history() const { return history_; }
    bool has(std::string_view capability) const { return registration_.has(capability); }
    bool keeps_history() const;  // catch_up() works
    bool tags_wanted() const { return settings_.client_tags; }
    // Bytes of text that fit one PRIVMSG to `target`, counting the prefix that others see before it.
    std::size_t text_max(std::size_t target_bytes) const;

private:
    void welcome(const Line& line, Effects& out);
    void end_of_greeting(Now now, Effects& out);
    void numeric(const Line& line, Now now, Effects& out);
    void conversation(const Line& line, Now now, Effects& out);
    void understand(const Line& line, Now now, Effects& out);
    void said(const Line& line, Now now, Effects& out);
    void reacted(const Line& line, Effects& out);
    void redacted(const Line& line, Effects& out);
    std::optional<std::string> room_of(const Line& line, bool& direct) const;
    std::optional<bus::Event> event_in_room(const Line& line);
    void ctcp(const Line& line, const Ctcp& ask, Now now, Effects& out);
    void renamed(const Line& line, Now now, Effects& out);
    void learn_ourselves(const Line& line);
    void regain(Now now, Effects& out);
    void identify(Now now, Effects& out);
    void judge_sign_in(Effects& out);
    void not_let_in(Effects& out) const;
    bool ours(const Line& line) const { return isupport_.same(line.nick(), nick_); }
    bool from_before(const Line& line) const;
    bus::Event event(const Line& line, const std::string& room);

    const Settings& settings_;
    std::string born_;  // in the native ids of events that the server gives none
    service::Steady register_by_;
    std::uint64_t line_ = 0, of_line_ = 0;  // in the native ids, too: the line, and what came of it
    Now now_;
    Isupport isupport_;
    Registration registration_;
    Rooms rooms_;
    History history_;
    std::string nick_;
    std::string user_host_;  // "user@host" as others see us; empty: not learnt yet
    bool welcomed_ = false, up_ = false, resuming_ = false;
    std::optional<service::Steady> regain_at_;
    std::optional<service::Steady> identified_by_;  // NickServ was asked; until then it may answer
    std::string nickserv_said_;
    service::Steady ctcp_window_{};
    unsigned ctcp_answered_ = 0;  // in this window
};

}  // namespace parley::irc
