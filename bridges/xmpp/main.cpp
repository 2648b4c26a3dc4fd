// parley-xmpp: one XMPP account on the bus.
#include "bridges/kit/run_bridge.h"
#include "bridges/xmpp/xmpp_platform.h"

int main(int argc, char** argv) {
    using namespace parley;
    return kit::run_bridge("xmpp", [](service::Table account, kit::Context context) -> std::unique_ptr<kit::Platform> {
        return std::make_unique<xmpp::XmppPlatform>(xmpp::read_settings(account), std::move(context));
    }, argc, argv);
}
