// Catching up with draft/chathistory (https://ircv3.net/specs/extensions/chathistory): what was said in a room while
// we were away comes first and in order; what is said meanwhile waits behind it. One room after another. Pure.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridges/irc/effects.h"
#include "bridges/irc/isupport.h"
#include "bridges/irc/settings.h"
#include "bridges/kit/delivery.h"
#include "broker/service/clock.h"

namespace parley::irc {

class History {
public:
    // Both outlive it.
    History(const Settings& settings, const Isupport& isupport) : settings_(settings), isupport_(isupport) {}

    void ask(const kit::BackfillRequest& request, service::Time now, service::Steady steady, Effects& out);
    // Whether the line is in a batch of history, one that was asked for or not.
    bool holds_line(const Line& line) const;
    // Before the line is understood: whether it is of the stretch that we asked for, and counts.
    bool counts(const Line& line);
    // After it was: `out` holds what it meant; what is live and must wait is taken out.
    void order(bool counted, Effects& out);
    void batch(const Line& line, service::Steady now, Effects& out);   // BATCH +ref type room, BATCH -ref
    void failed(const Line& line, service::Steady now, Effects& out);  // FAIL CHATHISTORY …
    // A line of our own that the history has: what we were in doubt about.
    void ours(const std::string& room, const Line& line);
    // The ids of our own lines of that text in the stretch that was last fetched for the room.
    std::vector<std::string> ids_of(const std::string& room, std::string_view text) const;
    bool busy(const std::string& room) const;  // is being caught up
    bool busy() const { return !fetches_.empty(); }
    void tick(service::Steady now, Effects& out);
    std::optional<service::Steady> due() const;

private:
    struct Fetch {
        std::string room;
        service::Time from{}, to{};           // what we missed lies between
        bool reach = true;                    // first: does the server's history go back that far?
        std::string last;                     // the id of what we have already
        bool unproven = false;                // nothing older is there: that one must be
        std::optional<service::Time> begins;  // it is not: the history begins here
        std::string anchor;                   // where the next page begins, as CHATHISTORY wants it
        service::Time newest{};               // of what came
        std::size_t count = 0, in_batch = 0;  // lines
        std::vector<Heard> waiting;           // live
    };
    void next(service::Steady now, Effects& out);
    void page_ended(service::Steady now, Effects& out);
    static void missing(const Fetch& fetch, service::Time from, service::Time to, std::string why, Effects& out);
    void give_up(std::string why, service::Steady now, Effects& out);
    void done(service::Steady now, Effects& out);
    std::size_t page() const;

    const Settings& settings_;
    const Isupport& isupport_;
    struct Own {
        std::string text, id;
    };
    std::map<std::string, std::vector<Own>> own_;  // by room
    std::deque<Fetch> fetches_;                    // the first is being asked
    std::string ours_;                             // the batch that answers us; empty: not begun
    std::vector<std::string> batches_;             // open ones of history
    service::Steady deadline_{};                   // of the answer
};

}  // namespace parley::irc
