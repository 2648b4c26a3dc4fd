// The envelope; the bodies are in body_codec.cpp.
#include "broker/bus/codec.h"

#include "broker/bus/body_codec.h"
#include "broker/bus/reader.h"
#include "broker/bus/writer.h"

namespace parley::bus {
namespace {

using service::Code;
using service::Result;
using service::fail;

constexpr std::uint32_t envelope_fields = 10;

std::int64_t number_of(service::Time time) { return time.time_since_epoch().count(); }

// What every reader wants first: refuses what is too large or of another version.
Result<std::uint32_t> open(Reader& in, std::string_view bytes) {
    if (bytes.size() > event_bytes_max) {
        return fail(Code::limit, "the event has " + std::to_string(bytes.size()) + " bytes",
                    "at most " + std::to_string(event_bytes_max) + " are carried");
    }
    const auto more = in.fields(envelope_fields);
    const auto version = in.natural();
    if (!in.good()) return fail(in.error("the event"));
    if (version == event_version) return more;
    return fail(Code::unsupported, "the event has version " + std::to_string(version),
                "this program knows version " + std::to_string(event_version));
}

EventId read_kept_id(Reader& in) {
    const auto id = read_id(in);
    if (in.good() && !id) in.refuse("the event's id is empty");
    return id;
}

Visibility read_visibility(Reader& in) { return static_cast<Visibility>(in.natural(static_cast<unsigned>(Visibility::direct))); }

void read_origin(Reader& in, Origin& origin) {
    const auto more = in.fields(4);
    origin.room.account = read_text(in);
    origin.room.room = read_text(in);
    origin.native_id = read_text(in);
    origin.visibility = read_visibility(in);
    in.rest(more);
}

void read_author(Reader& in, Author& author) {
    const auto more = in.fields(5);
    author.id = read_text(in);
    author.name = read_text(in);
    author.strength = static_cast<Strength>(in.natural(static_cast<unsigned>(Strength::ourselves)));
    author.bot = in.boolean();
    author.avatar_url = read_text(in);
    in.rest(more);
}

}  // namespace

std::string encode(const Event& event) {
    std::string out;
    out.reserve(192 + body_bytes(event.body));
    Writer w(out);
    w.array(envelope_fields + event.more_fields_count).natural(event_version).bytes(event.id.view());
    w.natural(static_cast<std::uint32_t>(event.kind()));
    w.array(4).text(event.origin.room.account).text(event.origin.room.room).text(event.origin.native_id);
    w.natural(static_cast<unsigned>(event.origin.visibility));
    w.integer(number_of(event.time)).integer(number_of(event.received));
    w.array(5).text(event.author.id).text(event.author.name).natural(static_cast<unsigned>(event.author.strength));
    w.boolean(event.author.bot).text(event.author.avatar_url);
    write_id(w, event.correlation);
    w.natural(event.hops);
    write_body(w, event);
    w.raw(event.more_fields);
    return out;
}

Result<Event> decode(std::string_view bytes) {
    Reader in(bytes);
    const auto more = open(in, bytes);
    if (!more) return fail(more.error());
    Result<Event> out;  // filled in place: an event is large to move
    Event& event = *out;
    event.id = read_kept_id(in);
    const auto kind = static_cast<std::uint32_t>(in.natural(UINT32_MAX));
    read_origin(in, event.origin);
    event.time = read_time(in);
    event.received = read_time(in);
    read_author(in, event.author);
    event.correlation = read_id(in);
    event.hops = static_cast<std::uint32_t>(in.natural(UINT32_MAX));
    read_body(in, kind, event);
    event.more_fields = in.rest(*more);
    event.more_fields_count = *more;
    in.finish();
    if (!in.good()) return fail(in.error("the event"));
    return out;
}

Result<EventHeader> decode_header(std::string_view bytes) {
    Reader in(bytes);
    const auto more = open(in, bytes);
    if (!more) return fail(more.error());
    EventHeader header;
    header.id = read_kept_id(in);
    header.kind = static_cast<std::uint32_t>(in.natural(UINT32_MAX));
    const auto origin_more = in.fields(4);
    header.account = in.text();
    header.room = in.text();
    header.native_id = in.text();
    header.visibility = read_visibility(in);
    in.rest(origin_more);
    if (!in.good()) return fail(in.error("the event"));
    return header;
}

}  // namespace parley::bus
