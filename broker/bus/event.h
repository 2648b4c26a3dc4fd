// What happened: an immutable fact in its envelope. See docs/protocol.md for the bytes.
#pragma once

#include <compare>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/bus/ids.h"
#include "broker/bus/text.h"
#include "broker/service/clock.h"

namespace parley::bus {

// A place to talk, "libera/#ops": our login there, and the room's native name.
struct RoomAddress {
    std::string account;
    std::string room;
    friend auto operator<=>(const RoomAddress&, const RoomAddress&) = default;
    std::string text() const { return account + "/" + room; }
    static std::optional<RoomAddress> from_text(std::string_view text);  // splits at the first "/"; neither side empty
};

// Who may see what is said in a room. Fixed at birth for every event, so that it holds for ever.
enum class Visibility : std::uint8_t {
    everyone = 0,  // anyone who may use search
    members = 1,   // those who are, or were then, in the room
    closed = 2,    // nobody outside the room: no other room, hit or count
    direct = 3,    // a conversation between one person and us
};

std::string_view name(Visibility visibility);
std::optional<Visibility> visibility_from(std::string_view name);

// How strongly a platform vouches for who somebody is; weakest first.
enum class Strength : std::uint8_t { nickname = 0, account = 1, signed_in = 2, ourselves = 3 };
std::string_view name(Strength strength);

struct Author {
    std::string id;    // stable on the account where there is one (services account, JID, user id), else of the name: "nick:alice"
    std::string name;  // as people see it
    Strength strength = Strength::nickname;
    bool bot = false;
    std::string avatar_url;
    friend bool operator==(const Author&, const Author&) = default;
};

// Where an event was born. native_id is empty for what Parley itself says: no platform has seen it yet, so its own
// room is among those that it is delivered to.
struct Origin {
    RoomAddress room;
    std::string native_id;
    Visibility visibility = Visibility::everyone;
    friend bool operator==(const Origin&, const Origin&) = default;
};

// Another event: by id where we know it, else by the native id in the same room.
struct Reference {
    EventId event;
    std::string native_id;
    explicit operator bool() const { return static_cast<bool>(event) || !native_id.empty(); }
    friend bool operator==(const Reference&, const Reference&) = default;
};

struct Attachment {
    std::string name, mime, url;
    std::uint64_t size_bytes = 0;  // 0: unknown
    friend bool operator==(const Attachment&, const Attachment&) = default;
};

// -- What people do -----------------------------------------------------------------------------------------------

struct Message {
    enum class Style : std::uint8_t { plain = 0, action = 1, notice = 2 };  // action: "/me waves"
    Text text;
    Style style = Style::plain;
    Reference reply_to;     // empty: none
    std::string thread;     // native thread or topic; empty: none
    std::vector<Attachment> attachments;
    friend bool operator==(const Message&, const Message&) = default;
};

struct Edit {
    Reference target;
    std::uint32_t revision = 1;  // 1 for the first edit
    Text text;                   // the whole new text
    friend bool operator==(const Edit&, const Edit&) = default;
};

struct Redaction {
    Reference target;
    std::string reason;
    friend bool operator==(const Redaction&, const Redaction&) = default;
};

struct Reaction {
    Reference target;
    std::string emoji;
    bool added = true;
    friend bool operator==(const Reaction&, const Reaction&) = default;
};

struct Membership {
    enum class Change : std::uint8_t { join = 0, leave = 1, kick = 2, ban = 3, rename = 4, present = 5 };  // present: was here when we came
    Change change{};
    std::string id;        // whose, as Author::id
    std::string name;
    std::string new_name;  // for rename
    std::string reason;
    friend bool operator==(const Membership&, const Membership&) = default;
};

struct Topic {
    Text text;
    friend bool operator==(const Topic&, const Topic&) = default;
};

// -- Commands -----------------------------------------------------------------------------------------------------

// Exactly what a worker is to do; all that it needs, so that a worker in any language needs no settings.
struct Action {
    enum class Kind : std::uint8_t { builtin = 0, exec = 1 };
    Kind kind = Kind::builtin;
    std::vector<std::string> argv;  // builtin: the arguments as typed; exec: the argument vector, argv[0] the program
    std::string directory;          // empty: the worker's own
    std::vector<std::pair<std::string, std::string>> environment;  // the whole environment, already filtered
    std::chrono::milliseconds timeout{60000};
    std::uint64_t output_bytes_max = 1 << 20;  // beyond it output is counted and dropped, and the record says so
    std::uint32_t room_lines_max = 12;         // lines shown in the room; the rest is on the run's page
    std::string concurrency_key;               // runs with the same key never exceed concurrency_max at once
    std::uint32_t concurrency_max = 0;         // 0: no limit
    bool idempotent = false;                   // may be run again if a worker died
    friend bool operator==(const Action&, const Action&) = default;
};

// The run's id is the id of this event. It is derived from the message that asked.
struct CommandRequested {
    Reference asked_by;    // the message
    std::string command;   // canonical name
    std::string raw;       // as typed
    std::vector<std::pair<std::string, std::string>> arguments;  // parsed, by parameter name
    Action action;
    std::string rule;      // the policy rule that allowed it
    friend bool operator==(const CommandRequested&, const CommandRequested&) = default;
};

struct RunStarted {
    EventId run;
    std::string worker;      // its name on the bus
    std::uint32_t attempt = 1;
    friend bool operator==(const RunStarted&, const RunStarted&) = default;
};

struct RunOutput {
    enum class Stream : std::uint8_t { out = 0, err = 1, log = 2 };
    EventId run;
    std::uint64_t ordinal = 0;  // 0, 1, 2 … in the run
    Stream stream = Stream::out;
    std::string data;           // as written, made valid UTF-8
    Text shown;                 // what the room sees of it; empty: nothing
    friend bool operator==(const RunOutput&, const RunOutput&) = default;
};

enum class Outcome : std::uint8_t { succeeded = 0, failed = 1, timed_out = 2, cancelled = 3, denied = 4, lost = 5 };
std::string_view name(Outcome outcome);                        // "timed_out"
std::optional<Outcome> outcome_from(std::string_view name);

struct RunFinished {
    EventId run;
    Outcome outcome{};
    std::optional<std::int32_t> exit_code;  // absent where no process ended by itself
    std::chrono::microseconds took{0};
    std::string detail;                     // why, for a person
    std::uint64_t output_bytes = 0;         // all that was written, kept or not
    std::uint64_t output_lines = 0;
    bool truncated = false;                 // some output was not kept
    Text shown;                             // what the room sees; empty: nothing
    friend bool operator==(const RunFinished&, const RunFinished&) = default;
};

// -- Parley's own --------------------------------------------------------------------------------------------------

// A stretch of a room that cannot be fetched any more.
struct Gap {
    service::Time from, to;
    std::string why;
    friend bool operator==(const Gap&, const Gap&) = default;
};

// How it went there, for who asks why it took so long.
struct Passage {
    std::uint32_t attempts = 0;              // how often it was said to the platform; 0: not known
    std::chrono::microseconds waited{0};     // from when its bridge had it until it was said last; 0: not known
    std::chrono::microseconds answered{0};   // from then until the receipt
    friend bool operator==(const Passage&, const Passage&) = default;
};

struct Delivered {
    EventId event;
    std::vector<std::string> native_ids;  // one for each part; empty if the platform gives none
    Passage passage;
    friend bool operator==(const Delivered&, const Delivered&) = default;
};

// A delivery reached its room, or was refused. The envelope's origin is the room that it was delivered to. What reaches a
// room in one moment has one receipt.
struct Receipt {
    EventId delivered;                    // the event
    std::vector<std::string> native_ids;  // as in Delivered; of a refused one, those of the parts that were taken
    std::string refusal;                  // why it could not be; empty if delivered
    std::vector<Delivered> others;        // not of a refusal
    Passage passage;                      // of `delivered`
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

// What it says of one event; nullptr: nothing.
const std::vector<std::string>* native_ids_of(const Receipt& receipt, const EventId& delivered);
const Passage* passage_of(const Receipt& receipt, const EventId& delivered);
// The id of a receipt: who knows room and event finds the receipt of one that was delivered alone, or refused.
EventId receipt_id(const RoomAddress& room, const Receipt& receipt);

// A kind of event from a newer version: kept and passed on as it came.
struct Unknown {
    std::uint32_t kind = 0;
    std::string raw;  // msgpack
    friend bool operator==(const Unknown&, const Unknown&) = default;
};

using Body = std::variant<Message, Edit, Redaction, Reaction, Membership, Topic, CommandRequested, RunStarted, RunOutput,
                          RunFinished, Gap, Receipt, Unknown>;

std::string_view name(Message::Style style);
std::string_view name(Membership::Change change);
std::string_view name(RunOutput::Stream stream);

// The number of a kind on the wire; the order of Body, from 1.
enum class Kind : std::uint32_t {
    message = 1, edit, redaction, reaction, membership, topic, command_requested, run_started, run_output, run_finished, gap, receipt,
};
std::string_view name(Kind kind);  // "run_output"; "unknown" for others
std::optional<Kind> kind_from(std::string_view name);

struct Event {
    EventId id;
    Sequence sequence = 0;       // given by the journal; not part of the encoded event
    service::Time journaled{};   // when the journal took it; not part of the encoded event
    service::Time time{};        // when it happened, by the platform's clock
    service::Time received{};    // when we heard of it
    Origin origin;
    Author author;
    EventId correlation;         // the run or conversation it belongs to; zero: none
    std::uint32_t hops = 0;      // how many Parleys it has passed
    Body body;
    // What a newer version added after the fields known here, as msgpack; survives a round trip.
    std::string more_fields;
    std::uint32_t more_fields_count = 0;
    std::string more_body;
    std::uint32_t more_body_count = 0;

    Kind kind() const;
    friend bool operator==(const Event&, const Event&) = default;
};

// How Parley signs what it says itself.
Author ourselves(std::string name = "parley");

}  // namespace parley::bus
