// Stanzas: elements from the wire <-> what they mean. Pure. Whatever a stranger sends gives a value or nothing.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/xmpp/element.h"
#include "broker/service/clock.h"

namespace parley::xmpp {

// Larger messages are refused before they are sent: many servers close the stream at 64 KiB and more.
constexpr std::size_t stanza_bytes_max = 60 * 1024;
constexpr std::size_t reactions_max = 64;  // of one person on one message

struct Jid {
    std::string bare, resource;
    std::string domain() const;
    std::string full() const { return resource.empty() ? bare : bare + '/' + resource; }
};
Jid parse_jid(std::string_view text);  // node and domain in lower case

struct StanzaError {
    std::string type, condition, text;
    std::string words() const;  // "not-allowed: only moderators may …"
};

// A message of any kind: several of these may be present at once.
struct MessageStanza {
    std::string type;  // groupchat, chat, normal, headline, error
    Jid from;
    std::string id, origin_id, occupant_id;
    std::string stanza_id;                 // given by the room itself (its `by` is the sender's bare JID)
    std::optional<std::string> body;       // without the fallback parts
    std::optional<std::string> subject;
    std::string replaces;                  // XEP-0308
    std::string retracts;                  // XEP-0424, version 0 or 1
    std::string reacts_to;                 // XEP-0444
    std::vector<std::string> reactions;
    std::string reply_to;                  // XEP-0461
    std::optional<service::Time> delayed;  // XEP-0203
    std::string stamp;                     // as written
    std::string url;                       // XEP-0066
    bool unstyled = false;                 // XEP-0393
    bool private_in_room = false;          // a direct message through a room
    std::optional<StanzaError> error;
};
std::optional<MessageStanza> read_message(const Element& stanza);

struct PresenceStanza {
    std::string type;  // empty: available
    Jid from;
    std::string id, occupant_id;
    bool room = false;  // it carries muc#user
    std::set<int> status;
    std::string affiliation, role, real_jid, new_nick, reason, actor;
    bool destroyed = false;
    std::optional<StanzaError> error;
};
std::optional<PresenceStanza> read_presence(const Element& stanza);

std::optional<StanzaError> read_error(const Element& stanza);

// -- What we say ---------------------------------------------------------------------------------------------------

struct History {
    std::optional<service::Time> since;
    std::optional<unsigned> stanzas_max;
};
Element join(const std::string& room, const std::string& nick, const History& history);
Element leave(const std::string& room, const std::string& nick);

// -- A room's archive (XEP-0313) -------------------------------------------------------------------------------------

struct ArchiveQuery {
    std::string after, before;           // archive ids; `before` asks for the page that ends there
    std::optional<service::Time> start;  // where no id is known
};
constexpr unsigned archive_page_max = 100;  // messages; a server may give fewer
Element ask_features(const std::string& room, const std::string& id);  // XEP-0030
bool has_archive(const Element& features);                             // the answer to it
Element ask_archive(const std::string& room, const std::string& id, const ArchiveQuery& query);

// A message out of an archive: `stanza_id` and `delayed` are the archive's own, whatever the message itself says.
struct Archived {
    std::string query;
    MessageStanza message;
};
std::optional<Archived> read_archived(const Element& stanza);

// The end of a page. `last` is empty if the page is.
struct ArchivePage {
    bool complete = false;
    std::string last;
};
std::optional<ArchivePage> read_archive_page(const Element& iq);

struct To {
    std::string jid;
    bool room = true;             // groupchat, else chat
    bool through_room = false;    // a direct message to somebody in a room
    bool keeps_ids = false;       // messages are shown under the ids that we gave them: no origin-id is needed (XEP-0359)
};
Element say(const To& to, const std::string& id, const std::string& body, bool unstyled);
Element correct(const To& to, const std::string& id, const std::string& original, const std::string& body, bool unstyled);
Element retract(const To& to, const std::string& id, const std::string& target);
Element react(const To& to, const std::string& id, const std::string& target, const std::vector<std::string>& emojis);
Element topic(const std::string& room, const std::string& id, const std::string& subject);
// XEP-0461; `author` is the full JID of who is replied to, where known.
void add_reply(Element& message, const std::string& target, const std::string& author);

Element ping(const std::string& to, const std::string& id);
Element open_new_room(const std::string& room, const std::string& id);  // accepts a new room's default settings
// The answer to a question of theirs; nullopt if the stanza is not a question.
std::optional<Element> answer(const Element& iq);

}  // namespace parley::xmpp
