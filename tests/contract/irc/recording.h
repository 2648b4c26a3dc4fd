// An IrcPlatform with a Host that writes down what it is told, on a reactor of its own.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridges/irc/irc_platform.h"
#include "tests/support/irc_client.h"
#include "tests/support/irc_server.h"

namespace parley::irc {

using tests::IrcClient;
using tests::IrcServer;

class Recording final : public kit::Host {
public:
    void link_changed(kit::Link now, const service::Error& why) override {
        link = now;
        if (now == kit::Link::connecting)
            connecting.push_back(std::chrono::steady_clock::now());
        else
            link_reason = why;
    }
    void received(bus::Event event) override { events.push_back(std::move(event)); }
    void delivered(const kit::DeliveryId& id, const kit::Receipt& receipt) override {
        receipts.emplace_back(id, receipt.native_id);
    }
    void refused(const kit::DeliveryId& id, const service::Error& why) override { refusals.emplace_back(id, why); }
    void room_changed(const std::string& room, bool joined, const service::Error& why) override {
        rooms[room] = joined;
        if (!joined) room_reasons.push_back(why);
    }
    void room_kept(const std::string& room) override {
        rooms[room] = true;
        kept.push_back(room);
    }
    std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }

    kit::Link link = kit::Link::down;
    service::Error link_reason;
    std::vector<std::chrono::steady_clock::time_point> connecting;  // each attempt
    std::vector<bus::Event> events;
    std::vector<std::pair<kit::DeliveryId, std::string>> receipts;
    std::vector<std::pair<kit::DeliveryId, service::Error>> refusals;
    std::map<std::string, bool> rooms;
    std::vector<service::Error> room_reasons;
    std::vector<std::string> kept;  // rooms that were found joined

    // What was said, as "room <name> text" or "room * name text".
    std::vector<std::string> said() const;
    std::vector<const bus::Event*> memberships(bus::Membership::Change change) const;
};

// The bridge's part under test. It connects when made.
class Bot {
public:
    struct Options {
        std::string more = {};  // further lines of its settings
        std::vector<std::string> rooms = {"#ops"};
        bool tls = false;
        bool join = true;    // wait until every room is joined
        bool paced = false;  // as the settings' defaults have it
        std::string keeper = {};  // its socket; empty: none
    };
    Bot(const IrcServer& server, Options options);
    explicit Bot(const IrcServer& server) : Bot(server, Options{}) {}
    ~Bot();

    bool until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = std::chrono::seconds(15));
    bool until_joined(const std::string& room = "#ops") {
        return until([&] { return host.rooms[room]; });
    }
    kit::DeliveryId say(const std::string& room, bus::Text text,
                        bus::Message::Style style = bus::Message::Style::plain);
    kit::DeliveryId deliver(kit::Delivery delivery);
    bool until_answered() {
        return until([&] { return host.receipts.size() + host.refusals.size() >= asked_; });
    }

    Recording host;
    service::Reactor reactor;
    kit::Platform& platform() { return *platform_; }

private:
    service::SystemClock clock_;
    service::SeededRandom random_{42};
    std::unique_ptr<kit::Platform> platform_;
    std::uint8_t asked_ = 0;
};

}  // namespace parley::irc
