// A platform of straw: the kit's seam on one side, a simulated chat network on the other. It does what kit/platform.h asks of
// a platform, and no more.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bridges/kit/platform.h"
#include "broker/service/backoff.h"
#include "broker/service/reactor.h"
#include "tests/faults/simulation/chat.h"

namespace parley::simulation {

class StrawPlatform final : public kit::Platform {
public:
    StrawPlatform(kit::Host& host, service::Reactor& reactor, const service::Clock& clock, service::Random& random, ChatServer& server, std::vector<std::string> rooms);

    const kit::Capabilities& capabilities() const override { return server_.habits().can; }
    void connect() override;
    void disconnect() override;
    void deliver(const kit::Delivery& delivery) override;
    void backfill(const kit::BackfillRequest& request) override;
    void hold(bool held) override;
    std::chrono::microseconds silent_for() const override;

    // What the server tells.
    void hear(Utterance& utterance);
    void remember(Utterance& utterance);  // of the history
    void joined(const std::string& room, std::map<std::string, std::string> keys);
    void caught_up(const std::string& room);
    void kicked(const std::string& room);
    void answered(const kit::DeliveryId& id, const std::string& native_id, const std::string& refusal);
    void lost();
    void answers_ping(service::Steady asked) { heard_at_ = asked; }

private:
    struct Room {
        bool catching_up = false;
        std::vector<Utterance*> later;  // heard while the history is read
        std::map<std::string, std::string> keys;  // what the server knows from us: native ids
        service::Reactor::Handle rejoin;
    };
    void try_connect();
    void hand(Utterance& utterance);

    kit::Host& host_;
    service::Reactor& reactor_;
    const service::Clock& clock_;
    ChatServer& server_;
    std::vector<std::string> names_;
    std::map<std::string, Room> rooms_;
    service::Backoff backoff_;
    bool wanted_ = false, up_ = false, held_ = false;
    service::Steady heard_at_{};  // up to then all that was said has come: it was there when the server answered
    service::Reactor::Handle again_, pinger_;
};

}  // namespace parley::simulation
