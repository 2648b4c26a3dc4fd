// The seam between a chat platform and the house: four verbs up, four down.
#pragma once

#include <chrono>
#include <optional>

#include "bridges/kit/capabilities.h"
#include "bridges/kit/delivery.h"
#include "broker/service/result.h"

namespace parley::kit {

enum class Link { down, connecting, up };

// What a platform tells its bridge. The platform fills an event's origin.room.room, origin.native_id, author, time and
// body (references by native id); the kit fills account, visibility, event ids, references by event id, received, hops.
class Host {
public:
    virtual void link_changed(Link link, const service::Error& reason = {}) = 0;
    // A Gap says what of an absence the platform could not fetch: room, times and reason are enough.
    virtual void received(bus::Event event) = 0;
    virtual void delivered(const DeliveryId& id, const Receipt& receipt) = 0;
    // The room shows, before the kit has asked again, a delivery from before the link went: what comes next may refer to it.
    virtual void known_as(const DeliveryId&, const std::string& /*native_id*/) {}
    virtual void refused(const DeliveryId& id, const service::Error& reason) = 0;
    // The room can be spoken in (joined) or not; deliveries to it wait meanwhile.
    virtual void room_changed(const std::string& room, bool joined, const service::Error& reason = {}) = 0;
    // A room that this process finds joined: another one was in it, and all that was said since comes as if it were live.
    virtual void room_kept(const std::string& room) { room_changed(room, true); }
    // Whether everything that was received would survive the death of this process.
    virtual bool all_safe() const { return true; }
    // Where the room's durable record ends, to ask the platform for what followed. nullopt: nothing yet.
    virtual std::optional<Seen> last_seen(const std::string& room) const = 0;

protected:
    ~Host() = default;
};

// One chat network, seen from the bus. None of these may block. Everything runs on the reactor's thread.
// Every delivery is answered exactly once, by delivered() or refused(), unless the link goes down first: then the kit
// delivers it again when the room is back, in doubt.
// The platform reconnects by itself (service::Backoff) once connect() was called, until disconnect().
class Platform {
public:
    virtual ~Platform() = default;
    virtual const Capabilities& capabilities() const = 0;
    virtual void connect() = 0;
    virtual void disconnect() = 0;
    virtual void deliver(const Delivery& delivery) = 0;
    // Before connect(): an earlier process may have said it, and it will be delivered again. If the room shows it before: known_as().
    virtual void doubted(const DeliveryId&) {}
    virtual void backfill(const BackfillRequest&) {}  // Called only if capabilities() say so.
    // Since all that the server had said has certainly reached us: what it said after that may be lost. A link that is dead already
    // and not yet known to be, or slow, must not look like a quiet room. For platforms without history.
    virtual std::chrono::microseconds silent_for() const { return {}; }
    // What comes now could not be kept: the disk is full, or the spool is. A platform whose server waits for a reader
    // stops reading; another leaves, and fetches what it missed when it is let in again.
    virtual void hold(bool held) { held ? disconnect() : connect(); }

    // For a platform whose connection is held by another process (a keeper), which may tell of the past: what was received
    // is all that was said until then. nullopt: until now.
    virtual std::optional<service::Time> heard_until() const { return std::nullopt; }
    // Who knows what of our deliveries was sent, and would tell another process of us; empty: nobody.
    virtual std::string sent_through() const { return {}; }
    // The answer to a delivery is on disk: it is never asked for again.
    virtual void settled(const DeliveryId&) {}
};

}  // namespace parley::kit
