// What is known of a run when it has come to rest: what was said, as the servers of those who said it bear witness, what
// was heard in each room, and what the archive holds. Data alone; the judge is checker.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace parley::soak {

using Micros = std::int64_t;  // since 1970

// Each thing that is said has an id of its own, which stands in its text: "alice-000017".
std::string id_of(const std::string& person, unsigned number);
// Words that make mistakes visible: of several scripts, with what markup and XML escape, and an end that shows a cut.
std::string words_of(const std::string& id);
// What corrects a message: it names it, for where it stands the archive and the page show only the newest text.
std::string correction_of(const std::string& id, const std::string& by_id);  // "alice-000017 corrected: " and words_of(by_id)
std::string corrected_in(const std::string& text);                           // the first id of such a text; empty: it is none
// What a command is to answer, and what a reaction is called: neither has a text of its own.
std::string answer_to(const std::string& id);                                        // "told alice-000017"
std::string reaction_of(const std::string& person, const std::string& to);           // "carl on alice-000017"

struct Said {
    enum class Kind { message, edit, reply, reaction, command };
    Kind kind = Kind::message;
    std::string id, room, by, text;  // the room as account/room; a reaction has its target's id, and no text
    Micros from = 0, to = 0;         // it was said after `from` and stood in the room at `to`
    bool sure = false;  // its own server showed it to somebody else; otherwise it may have been lost before it was said
};

// What one witness heard in a room, in order, without what people of that room say themselves: "<alice> text" as the
// bridge says it. A room with an archive of its own is its own witness.
struct Ear {
    std::string room;
    std::vector<std::string> lines;
    bool in_journal_order = true;  // all of it; otherwise each person's words only (a page orders by time)
};

struct Archived {
    std::int64_t sequence = 0;
    std::string kind, room, by, text;
    std::string run, outcome;  // of commands
    Micros from = 0, to = 0;   // of a gap
};

struct Record {
    std::vector<Said> said;
    std::vector<Ear> ears;
    std::vector<Archived> archive;
    std::map<std::string, int> runs;  // how often the program of a command was started for an id
};

}  // namespace parley::soak
