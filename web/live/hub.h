// The live side of the web's rooms: what the journal brings, handed to every page that shows the room. It remembers a
// stretch of the newest events, which the archive may not have yet. Taken on the reactor's thread; asked on any.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "web/live/room_access.h"
#include "web/server/http_server.h"

namespace parley::live {

class Recent {
public:
    explicit Recent(bus::Event one) : event(std::move(one)) {}
    const bus::Event event;
    const bus::Value& value() const;  // the same, as a map; made when somebody looks at it first, on any thread

private:
    mutable std::once_flag made_;
    mutable bus::Value value_;
};

// Handed from the reactor to the threads that render: shared, because both may be the last to let go.
using Shared = std::shared_ptr<const Recent>;

class Hub {
public:
    static constexpr std::size_t recent_max = 4096;  // events; what is older is asked of the archive

    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void happened(const Shared& one) = 0;  // on the reactor's thread; must not block
    };

    void take(const bus::Event& event);
    // From now on the listener hears everything; what it gets back is what it may have missed, oldest first.
    std::vector<Shared> listen(Listener* listener, bus::Sequence after);
    void forget(Listener* listener);  // returns when no call to it is under way
    std::optional<bus::Sequence> oldest() const;
    Shared find(const bus::EventId& id) const;
    std::uint32_t revisions_of(const bus::EventId& id) const;  // the highest among the recent edits

private:
    mutable std::mutex mutex_;
    std::deque<Shared> recent_;
    std::vector<Listener*> listeners_;
};

}  // namespace parley::live
