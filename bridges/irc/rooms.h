// The channels that we are to be in: joined or not, who is there, and coming back after a kick or a refusal. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bridges/irc/effects.h"
#include "bridges/irc/isupport.h"
#include "bridges/irc/settings.h"
#include "broker/service/clock.h"

namespace parley::irc {

class Rooms {
public:
    // `event` gives one with time, native id and author filled in from the line.
    using MakeEvent = std::function<bus::Event(const Line& line, const std::string& room)>;
    Rooms(const Settings& settings, const Isupport& isupport, std::vector<std::string> rooms, MakeEvent make);

    void join_all(Effects& out);
    // JOIN PART KICK QUIT NICK TOPIC and the numerics that answer a JOIN. `ours`: the line is about or by us.
    void heard(const Line& line, const std::string& our_nick, service::Steady now, Effects& out);
    void tick(service::Steady now, Effects& out);
    std::optional<service::Steady> due() const;  // when tick() has something to do

    void join_missing(Effects& out);       // those that we are not in and not waiting for
    void tell_kept(Effects& out) const;    // that we are in the others, and never left them
    // Lines that tell all of this to a new Rooms. `us`: "nick!user@host".
    void state(const std::string& us, std::vector<Line>& out) const;

    bool joined(std::string_view channel) const;
    bool knows(std::string_view channel) const { return rooms_.contains(isupport_.folded(channel)); }
    // As the settings write it; what they do not name comes back as it is.
    std::string spelled(std::string_view channel) const;
    std::size_t longest_name() const;

private:
    struct Room {
        std::string name, key;
        bool joined = false, listed = false;   // listed: the names after our join are complete
        unsigned refused = 0;                  // joins in a row
        std::optional<service::Steady> again;  // when to try again
        std::set<std::string> members;         // folded nicks
    };
    Room* find(std::string_view channel);
    void ask(Room& room, Effects& out);
    void lost(Room& room, service::Error reason, service::Steady now, Effects& out);
    void joined_by(const Line& line, Room& room, bool ours, Effects& out);
    void kicked(const Line& line, Room& room, const std::string& our_nick, service::Steady now, Effects& out);
    void everywhere(const Line& line, const std::string& our_nick, Effects& out);  // QUIT and NICK
    void names(const Line& line, const std::string& our_nick, Effects& out);
    void refused(const Line& line, service::Steady now, Effects& out);
    void member(const Line& line, const Room& room, bus::Membership what, Effects& out);

    const Settings& settings_;
    const Isupport& isupport_;
    MakeEvent make_;
    std::vector<std::string> order_;     // as the settings give them
    std::map<std::string, Room> rooms_;  // by folded name
};

}  // namespace parley::irc
