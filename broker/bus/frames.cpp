#include "broker/bus/frames.h"

#include <algorithm>

#include "broker/bus/body_codec.h"

namespace parley::bus {
namespace {

// The first field of every frame is its verb; the order of the variants, from 1.
template <class Frame, class... F>
constexpr std::size_t index_in(const std::variant<F...>*) {
    std::size_t at = 0, found = 0;
    ((std::is_same_v<F, Frame> ? (found = at, ++at) : ++at), ...);
    return found;
}
template <class Frame, class All>
constexpr std::uint64_t verb = index_in<Frame>(static_cast<const All*>(nullptr)) + 1;

void put_id(Writer& w, const EventId& id) { w.bytes(id.view()); }
void put_room(Writer& w, const RoomAddress& room) { w.array(2).text(room.account).text(room.room); }
void put_error(Writer& w, const service::Error& error) { w.array(3).natural(static_cast<std::uint64_t>(error.code)).text(error.what).text(error.hint); }

EventId get_id(Reader& r) {
    const auto id = EventId::from_bytes(r.bytes());
    if (!id) r.refuse("an id has 16 bytes");
    return id.value_or(EventId{});
}
RoomAddress get_room(Reader& r) {
    const auto more = r.fields(2);
    RoomAddress room;
    room.account = read_text(r);
    room.room = read_text(r);
    r.rest(more);
    return room;
}
service::Error get_error(Reader& r) {
    const auto more = r.fields(3);
    service::Error error;
    error.code = static_cast<service::Code>(r.natural(static_cast<std::uint64_t>(service::Code::io)));
    error.what = read_text(r);
    error.hint = read_text(r);
    r.rest(more);
    return error;
}
constexpr std::int64_t day_ms = 86'400'000;
std::uint64_t ms_of(std::chrono::milliseconds time) { return static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.count(), 0, day_ms)); }
std::chrono::milliseconds get_ms(Reader& r) { return std::chrono::milliseconds(r.natural(day_ms)); }

template <class Item, class Put>
void put_list(Writer& w, const std::vector<Item>& items, Put put) {
    w.array(items.size());
    for (const auto& item : items) put(item);
}
template <class Item, class Get>
std::vector<Item> get_list(Reader& r, Get get) {
    std::vector<Item> out;
    for (auto n = r.array(); n > 0 && r.good(); --n) out.push_back(get());
    return out;
}

// -- to the broker ----------------------------------------------------------------------------------------------------

void put(Writer& w, const to_broker::Hello& f) { w.array(4).natural(verb<to_broker::Hello, ToBroker>).natural(f.version).text(f.name).natural(static_cast<std::uint64_t>(f.role)); }
void put(Writer& w, const to_broker::Publish& f) {
    w.array(3).natural(verb<to_broker::Publish, ToBroker>).natural(f.request);
    put_list(w, f.events, [&](const std::string& event) { w.bytes(event); });
}
void put(Writer& w, const to_broker::Follow& f) {
    const auto& o = f.options;
    const bool patient = o.patience.count() > 0;
    w.array(patient ? 10 : 9).natural(verb<to_broker::Follow, ToBroker>).text(o.cursor).natural(static_cast<std::uint64_t>(o.start)).natural(o.credit).natural(f.after);
    put_list(w, o.filter.gateways, [&](const std::string& gateway) { w.text(gateway); });
    put_list(w, o.filter.rooms, [&](const RoomAddress& room) { put_room(w, room); });
    put_list(w, o.filter.kinds, [&](Kind kind) { w.natural(static_cast<std::uint64_t>(kind)); });
    w.text(o.filter.deliver_to);
    if (patient) w.natural(ms_of(o.patience));
}
void put(Writer& w, const to_broker::Acknowledge& f) { w.array(2).natural(verb<to_broker::Acknowledge, ToBroker>).natural(f.sequence); }
void put(Writer& w, const to_broker::Lease& f) { w.array(2).natural(verb<to_broker::Lease, ToBroker>).natural(f.slots); }
void put(Writer& w, const to_broker::Heartbeat& f) {
    w.array(2).natural(verb<to_broker::Heartbeat, ToBroker>);
    put_list(w, f.leases, [&](const EventId& id) { put_id(w, id); });
}
void put(Writer& w, const to_broker::Finish& f) {
    w.array(4).natural(verb<to_broker::Finish, ToBroker>).natural(f.request);
    put_id(w, f.lease);
    w.bytes(f.event);
}
template <class Q>
void put_query(Writer& w, std::uint64_t v, const Q& f) {
    w.array(6).natural(v).natural(f.request).text(f.service).text(f.method).bytes(f.body).natural(ms_of(f.deadline));
}
template <class R>
void put_reply(Writer& w, std::uint64_t v, const R& f) {
    w.array(4).natural(v).natural(f.request);
    put_error(w, f.error);
    w.bytes(f.body);
}
void put(Writer& w, const to_broker::Query& f) { put_query(w, verb<to_broker::Query, ToBroker>, f); }
void put(Writer& w, const to_broker::Serve& f) { w.array(2).natural(verb<to_broker::Serve, ToBroker>).text(f.service); }
void put(Writer& w, const to_broker::Reply& f) { put_reply(w, verb<to_broker::Reply, ToBroker>, f); }
void put(Writer& w, const to_broker::Ping&) { w.array(1).natural(verb<to_broker::Ping, ToBroker>); }

template <class Q>
Q get_query(Reader& r) {
    Q f;
    f.request = r.natural();
    f.service = read_text(r);
    f.method = read_text(r);
    f.body = r.bytes();
    f.deadline = get_ms(r);
    return f;
}
template <class R>
R get_reply(Reader& r) {
    R f;
    f.request = r.natural();
    f.error = get_error(r);
    f.body = r.bytes();
    return f;
}

to_broker::Follow get_follow(Reader& r, std::uint32_t& more) {
    to_broker::Follow f;
    f.options.cursor = read_text(r);
    f.options.start = static_cast<FollowOptions::Start>(r.natural(2));
    f.options.credit = static_cast<std::uint32_t>(r.natural(UINT32_MAX));
    f.after = r.natural();
    f.options.filter.gateways = get_list<std::string>(r, [&] { return read_text(r); });
    f.options.filter.rooms = get_list<RoomAddress>(r, [&] { return get_room(r); });
    f.options.filter.kinds = get_list<Kind>(r, [&] { return static_cast<Kind>(r.natural(UINT32_MAX)); });
    f.options.filter.deliver_to = read_text(r);
    if (more > 0) {
        --more;
        f.options.patience = get_ms(r);
    }
    return f;
}

ToBroker get_to_broker(Reader& r, std::uint64_t v, std::uint32_t& more) {
    using namespace to_broker;
    const auto fields = [&](std::uint32_t count) {  // of this frame, without the verb
        if (more < count) return r.refuse("the frame has too few fields");
        more -= count;
    };
    switch (v) {
        case verb<Hello, ToBroker>: {
            fields(3);
            Hello f;
            f.version = static_cast<std::uint32_t>(r.natural(UINT32_MAX));
            f.name = read_text(r);
            f.role = static_cast<Role>(r.natural(4));
            return f;
        }
        case verb<Publish, ToBroker>: {
            fields(2);
            Publish f;
            f.request = r.natural();
            f.events = get_list<std::string>(r, [&] { return std::string(r.bytes()); });
            return f;
        }
        case verb<Follow, ToBroker>: fields(8); return get_follow(r, more);
        case verb<Acknowledge, ToBroker>: fields(1); return Acknowledge{r.natural()};
        case verb<Lease, ToBroker>: fields(1); return Lease{static_cast<std::uint32_t>(r.natural(UINT32_MAX))};
        case verb<Heartbeat, ToBroker>: fields(1); return Heartbeat{get_list<EventId>(r, [&] { return get_id(r); })};
        case verb<Finish, ToBroker>: {
            fields(3);
            Finish f;
            f.request = r.natural();
            f.lease = get_id(r);
            f.event = r.bytes();
            return f;
        }
        case verb<Query, ToBroker>: fields(5); return get_query<Query>(r);
        case verb<Serve, ToBroker>: fields(1); return Serve{read_text(r)};
        case verb<Reply, ToBroker>: fields(3); return get_reply<Reply>(r);
        case verb<Ping, ToBroker>: return Ping{};
        default: r.refuse("an unknown verb"); return Ping{};
    }
}

// -- from the broker --------------------------------------------------------------------------------------------------

void put(Writer& w, const from_broker::Welcome& f) {
    w.array(3).natural(verb<from_broker::Welcome, FromBroker>).natural(f.version);
    put_id(w, f.instance);
}
void put(Writer& w, const from_broker::Published& f) {
    w.array(3).natural(verb<from_broker::Published, FromBroker>).natural(f.request);
    put_list(w, f.sequences, [&](Sequence s) { w.natural(s); });
}
void put(Writer& w, const from_broker::Refused& f) {
    w.array(3).natural(verb<from_broker::Refused, FromBroker>).natural(f.request);
    put_error(w, f.error);
}
void put(Writer& w, const from_broker::Events& f) {
    w.array(2).natural(verb<from_broker::Events, FromBroker>);
    put_list(w, f.events, [&](const from_broker::Carried& c) {
        w.array(4).natural(c.sequence).integer(c.journaled.time_since_epoch().count()).bytes(c.event);
        put_list(w, c.recipients, [&](const RoomAddress& room) { put_room(w, room); });
    });
}
void put(Writer& w, const from_broker::JobOffer& f) {
    w.array(6).natural(verb<from_broker::JobOffer, FromBroker>);
    put_id(w, f.lease);
    w.bytes(f.event).natural(f.attempt).natural(ms_of(f.heartbeat_every)).natural(f.sequence);
}
void put(Writer& w, const from_broker::Cancel& f) {
    w.array(2).natural(verb<from_broker::Cancel, FromBroker>);
    put_id(w, f.run);
}
void put(Writer& w, const from_broker::Finished& f) { w.array(3).natural(verb<from_broker::Finished, FromBroker>).natural(f.request).natural(f.sequence); }
void put(Writer& w, const from_broker::Query& f) { put_query(w, verb<from_broker::Query, FromBroker>, f); }
void put(Writer& w, const from_broker::Reply& f) { put_reply(w, verb<from_broker::Reply, FromBroker>, f); }
void put(Writer& w, const from_broker::Who&) { w.array(1).natural(verb<from_broker::Who, FromBroker>); }
void put(Writer& w, const from_broker::Pong&) { w.array(1).natural(verb<from_broker::Pong, FromBroker>); }

from_broker::Carried get_carried(Reader& r) {
    from_broker::Carried c;
    const auto more = r.fields(4);
    c.sequence = r.natural();
    c.journaled = read_time(r);
    c.event = r.bytes();
    c.recipients = get_list<RoomAddress>(r, [&] { return get_room(r); });
    r.rest(more);
    return c;
}

FromBroker get_from_broker(Reader& r, std::uint64_t v, std::uint32_t& more) {
    using namespace from_broker;
    const auto fields = [&](std::uint32_t count) {
        if (more < count) return r.refuse("the frame has too few fields");
        more -= count;
    };
    switch (v) {
        case verb<Welcome, FromBroker>: {
            fields(2);
            Welcome f;
            f.version = static_cast<std::uint32_t>(r.natural(UINT32_MAX));
            f.instance = get_id(r);
            return f;
        }
        case verb<Published, FromBroker>: {
            fields(2);
            Published f;
            f.request = r.natural();
            f.sequences = get_list<Sequence>(r, [&] { return r.natural(); });
            return f;
        }
        case verb<Refused, FromBroker>: {
            fields(2);
            Refused f;
            f.request = r.natural();
            f.error = get_error(r);
            return f;
        }
        case verb<Events, FromBroker>: fields(1); return Events{get_list<Carried>(r, [&] { return get_carried(r); })};
        case verb<JobOffer, FromBroker>: {
            fields(5);
            JobOffer f;
            f.lease = get_id(r);
            f.event = r.bytes();
            f.attempt = static_cast<std::uint32_t>(r.natural(UINT32_MAX));
            f.heartbeat_every = get_ms(r);
            f.sequence = r.natural();
            return f;
        }
        case verb<Cancel, FromBroker>: fields(1); return Cancel{get_id(r)};
        case verb<Finished, FromBroker>: {
            fields(2);
            Finished f;
            f.request = r.natural();
            f.sequence = r.natural();
            return f;
        }
        case verb<Query, FromBroker>: fields(5); return get_query<Query>(r);
        case verb<Reply, FromBroker>: fields(3); return get_reply<Reply>(r);
        case verb<Who, FromBroker>: return Who{};
        case verb<Pong, FromBroker>: return Pong{};
        default: r.refuse("an unknown verb"); return Pong{};
    }
}

template <class All, class Get>
service::Result<All> decode_any(std::string_view bytes, Get get) {
    if (bytes.size() > frame_bytes_max) return service::fail(service::Code::limit, "a frame is larger than 8 MiB", "send fewer events at once");
    Reader r(bytes);
    std::uint32_t more = r.fields(1);
    const auto v = r.natural();
    All frame = get(r, v, more);
    r.rest(more);
    r.finish();
    if (!r.good()) return service::fail(r.error("the frame"));
    return frame;
}

template <class All>
std::string encode_any(const All& frame) {
    std::string out;
    Writer w(out);
    std::visit([&](const auto& f) { put(w, f); }, frame);
    return out;
}

}  // namespace

std::string encode(const ToBroker& frame) { return encode_any(frame); }
std::string encode(const FromBroker& frame) { return encode_any(frame); }
service::Result<ToBroker> decode_to_broker(std::string_view bytes) { return decode_any<ToBroker>(bytes, get_to_broker); }
service::Result<FromBroker> decode_from_broker(std::string_view bytes) { return decode_any<FromBroker>(bytes, get_from_broker); }

}  // namespace parley::bus
