#include "indexer/query/trace.h"

#include <set>

#include "broker/bus/event_value.h"

namespace parley::query {
namespace {

using bus::Value;
using service::Code;

std::int64_t us(service::Time time) { return time.time_since_epoch().count(); }

// Where it is to be shown, as the settings are now: the other rooms of its gateways; for what Parley itself said, its own
// room, too.
std::set<bus::RoomAddress> recipients_of(const bus::Event& event, const bus::HouseSettings& house) {
    std::set<bus::RoomAddress> out;
    const auto& room = event.origin.room;
    for (const auto& gateway : house.gateways) {
        if (std::find(gateway.rooms.begin(), gateway.rooms.end(), room) != gateway.rooms.end()) out.insert(gateway.rooms.begin(), gateway.rooms.end());
    }
    if (event.origin.native_id.empty()) out.insert(room);
    else out.erase(room);
    return out;
}

bool shown_in_rooms(const bus::Event& event) {
    switch (event.kind()) {
        case bus::Kind::command_requested:
        case bus::Kind::receipt:
        case bus::Kind::membership: return false;
        default: return true;
    }
}

Value way_into(const archive::View& view, const bus::Event& event, const bus::RoomAddress& room, const bus::HouseSettings& house) {
    auto out = Value::map({{"room", room.text()}});
    const auto found = view.receipt(event.id, room);
    const auto* receipt = found ? std::get_if<bus::Receipt>(&found->body) : nullptr;
    if (const auto* ids = receipt == nullptr ? nullptr : bus::native_ids_of(*receipt, event.id)) {
        const auto& passage = *bus::passage_of(*receipt, event.id);
        if (passage.attempts > 0) {
            const auto said = found->time - passage.answered;
            out.set("attempts", passage.attempts).set("said_us", us(said));
            if (passage.waited.count() > 0) out.set("taken_us", us(said - passage.waited));
        }
        return out.set("state", receipt->refusal.empty() ? "delivered" : "refused").set("at_us", us(found->time))
                  .set("journaled_us", us(found->journaled)).set("native_ids", Value::List(ids->begin(), ids->end())).set("why", receipt->refusal);
    }
    const auto account = house.accounts.find(room.account);
    return out.set("state", account != house.accounts.end() && account->second == "web" ? "shown" : "waiting");
}

}  // namespace

service::Result<Value> trace_reply(const Seen& seen, const Value& request, const bus::HouseSettings& house) {
    const auto event = seen.view.find(request["id"].text());
    if (!event) return service::fail(event.error());
    if (!seen.sees(*event)) return service::fail(Code::not_found, "nothing here has the id " + request["id"].text());
    Value::List rooms;
    if (shown_in_rooms(*event)) {
        for (const auto& room : recipients_of(*event, house)) rooms.push_back(way_into(seen.view, *event, room, house));
    }
    return Value::map({{"event", event->id.text()}, {"sequence", event->sequence}, {"kind", bus::name(event->kind())}, {"author", event->author.name},
                       {"room", event->origin.room.text()}, {"native_id", event->origin.native_id}, {"said_us", us(event->time)},
                       {"received_us", us(event->received)}, {"journaled_us", us(event->journaled)}, {"rooms", std::move(rooms)}});
}

}  // namespace parley::query
