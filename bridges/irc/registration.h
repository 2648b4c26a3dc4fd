// From the open connection to 001: password, capabilities, SASL, and a nick that is free. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bridges/irc/effects.h"
#include "bridges/irc/settings.h"

namespace parley::irc {

// What is tried where a nick is taken, the nick first: parley, parley_, parley__, parley_2 …; never longer than nine, which
// every server takes, unless the first was.
std::vector<std::string> nicks_like(const std::string& nick);

class Registration {
public:
    explicit Registration(const Settings& settings) : settings_(settings), nick_(settings.nick) {}

    void start(Effects& out);
    void cap(const Line& line, Effects& out);  // also later: NEW and DEL
    void authenticate(const Line& line, Effects& out);
    // Numerics before 001: SASL's and the nick's. True if it was one of them.
    bool numeric(const Line& line, Effects& out);
    void welcomed() { registered_ = true; }

    bool has(std::string_view capability) const { return enabled_.contains(std::string(capability)); }
    const std::set<std::string>& enabled() const { return enabled_; }
    bool signed_in() const { return signed_in_; }
    bool signing_in() const { return sasl_running_; }
    const std::string& nick() const { return nick_; }  // the one asked for last

private:
    void request(const std::vector<std::string>& offered, Effects& out);
    void settled(Effects& out);
    void sasl_failed(std::string why, Effects& out);
    void another_nick(const Line& line, Effects& out);

    const Settings& settings_;
    std::string nick_;
    unsigned nicks_tried_ = 0;
    std::vector<std::string> offered_;  // of a listing that goes over several lines
    std::set<std::string> enabled_;
    std::set<std::string> asked_;  // requested, not answered
    std::string sasl_mechanisms_;  // as offered; empty: not said
    bool sasl_running_ = false, signed_in_ = false, ended_ = false, registered_ = false;
};

}  // namespace parley::irc
