// An IRC network, seen from the bus: what happens when. The wire syntax is in codec, colours and bold in markup, what
// a line means in session, what we say in outgoing, sockets in connection and in kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridges/irc/outgoing.h"
#include "bridges/irc/session.h"
#include "bridges/irc/wire.h"
#include "bridges/kit/run_bridge.h"
#include "broker/service/backoff.h"

namespace parley::irc {

class IrcPlatform final : public kit::Platform {
public:
    IrcPlatform(Settings settings, kit::Context context);
    ~IrcPlatform() override;

    const kit::Capabilities& capabilities() const override { return capabilities_; }
    void connect() override;
    void disconnect() override;
    void deliver(const kit::Delivery& delivery) override;
    void hold(bool held) override;
    void backfill(const kit::BackfillRequest& request) override;
    std::chrono::microseconds silent_for() const override;
    void settled(const kit::DeliveryId& id) override;
    std::string sent_through() const override;
    std::optional<service::Time> heard_until() const override { return heard_until_; }

private:
    // One connection and what lives as long as it.
    struct Life {
        Life(IrcPlatform& owner);
        Session session;
        std::unique_ptr<Wire> wire;
        Outgoing outgoing;
    };
    std::unique_ptr<Wire> connection(Life& life);
    std::unique_ptr<Wire> kept(Life& life);
    void heard(const Line& line, Now when);
    void open();
    void carry_out(Effects effects);
    void lost(service::Error reason);
    void learn_capabilities();  // also later: CAP NEW and DEL
    void end_life();
    void pump_soon();
    void pump();
    void schedule();
    Now now() const { return {context_.clock.now(), context_.clock.steady()}; }

    const Settings settings_;
    kit::Context context_;
    kit::Capabilities capabilities_;
    service::Backoff backoff_;
    bool wanted_ = false;  // between connect() and disconnect()
    bool held_ = false;    // nothing more is to be taken in
    // With a keeper: all that had come to it until then was told, and all that the server had said until then.
    std::optional<service::Time> heard_until_, certain_until_;
    std::vector<kit::DeliveryId> settled_;      // while nobody could be told
    std::unique_ptr<Life> life_;
    service::Steady up_since_{};
    service::Steady certain_at_end_{};  // of the life that ended last
    service::Reactor::Handle retry_, session_timer_, pace_timer_, pump_soon_, bury_;
    std::vector<std::unique_ptr<Life>> dead_;  // ended inside one of their own callbacks; buried in the next turn
};

// For kit::run_bridge.
std::unique_ptr<kit::Platform> make_platform(service::Table account, kit::Context context);

}  // namespace parley::irc
