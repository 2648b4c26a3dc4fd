// An XMPP account, seen from the bus: the connection below, the session above, and when to try again.
#pragma once

#include "bridges/kit/run_bridge.h"
#include "bridges/xmpp/connection.h"
#include "bridges/xmpp/session.h"
#include "bridges/xmpp/settings.h"
#include "broker/service/backoff.h"

namespace parley::xmpp {

class XmppPlatform final : public kit::Platform {
public:
    XmppPlatform(Settings settings, kit::Context context);

    const kit::Capabilities& capabilities() const override;
    void connect() override;
    void disconnect() override;
    void deliver(const kit::Delivery& delivery) override;
    void doubted(const kit::DeliveryId& id) override { session_.doubted(id); }

private:
    void open();
    void on_down(const service::Error& reason);

    Settings settings_;
    kit::Context context_;
    service::Backoff backoff_;
    Connection connection_;
    Session session_;
    service::Reactor::Handle again_, tick_;
    bool wanted_ = false;
};

}  // namespace parley::xmpp
