// What people do on the page, as events of the web's own account. A message that is sent again with the same client
// id is the same message. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "broker/bus/house_settings.h"
#include "web/live/hub.h"
#include "web/server/bus_link.h"

namespace parley::live {

constexpr std::size_t message_bytes_max = 8000;

struct Written {
    bus::EventId id;
    bus::Sequence sequence = 0;
};

class Writer {
public:
    Writer(server::Bus& bus, const Hub& hub, const bus::HouseSettings& house, const service::Clock& clock);

    // Each returns once it is durable. `room` is one of the web's own ("web/ops"), `client` the sender's own id for
    // it.
    service::Result<Written> say(const server::Person& person, const std::string& room, const std::string& client,
                                 const std::string& text, const std::string& reply_to = {});
    service::Result<Written> edit(const server::Person& person, const std::string& client, const std::string& target,
                                  const std::string& text);
    service::Result<Written> redact(const server::Person& person, const std::string& client,
                                    const std::string& target);
    service::Result<Written> react(const server::Person& person, const std::string& room, const std::string& client,
                                   const std::string& target, const std::string& emoji, bool added);

private:
    service::Result<Written> publish(const server::Person& person, const bus::RoomAddress& room,
                                     const std::string& client, bus::Body body);
    service::Result<bus::RoomAddress> own_room(const std::string& room) const;
    // The person's own message, in a room of the web's.
    service::Result<bus::Value> own_message(const server::Person& person, const std::string& target) const;
    service::Result<void> allowed_now(const server::Person& person);

    server::Bus& bus_;
    const Hub& hub_;
    const bus::HouseSettings& house_;
    const service::Clock& clock_;
    std::mutex mutex_;
    struct Pace {
        double tokens = 0;
        service::Steady since{};
    };
    std::map<std::string, Pace> paces_;  // by person
};

// What a browser sent, as text fit for every room: valid UTF-8, no control characters but the line break.
service::Result<bus::Text> clean_text(const std::string& text);

}  // namespace parley::live
