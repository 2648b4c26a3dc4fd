// The stanzas' meaning is in codec.cpp, rooms and pending messages in session.cpp, the stream in connection.cpp.
#include "bridges/xmpp/xmpp_platform.h"

#include "bridges/xmpp/capabilities.h"

namespace parley::xmpp {

using namespace std::chrono_literals;

XmppPlatform::XmppPlatform(Settings settings, kit::Context context)
    : settings_(std::move(settings)),
      context_(std::move(context)),
      backoff_(context_.random),
      connection_(context_.reactor, settings_,
                  {[this](const std::string& jid, bool resumed) {
                       backoff_.reset();
                       context_.host.link_changed(kit::Link::up);
                       session_.link_up(jid, resumed);
                   },
                   [this](const service::Error& reason) { on_down(reason); },
                   [this](const Element& stanza) { session_.handle(stanza); }}),
      session_({context_.host, context_.clock, context_.random, [this](const Element& stanza) { connection_.send(stanza); },
                [this](const service::Error& reason, bool session_too) { connection_.abandon(reason, session_too); }},
               settings_.nick, context_.rooms, context_.data_folder, {settings_.ping_after, settings_.ping_timeout}) {}

const kit::Capabilities& XmppPlatform::capabilities() const {
    static constexpr kit::Capabilities what = xmpp::capabilities();
    return what;
}

void XmppPlatform::connect() {
    if (wanted_) return;
    wanted_ = true;
    tick_ = context_.reactor.every(500ms, [this] { session_.tick(); });
    open();
}

void XmppPlatform::open() {
    context_.host.link_changed(kit::Link::connecting);
    connection_.open(settings_.resource + '.' + context_.random.token(6));
}

void XmppPlatform::disconnect() {
    wanted_ = false;
    again_.cancel();
    tick_.cancel();
    session_.leave_all();
    connection_.close();
}

void XmppPlatform::on_down(const service::Error& reason) {
    session_.link_lost();
    context_.host.link_changed(kit::Link::down, reason);
    if (!wanted_) return;
    // A refused password will not get better by asking often, and servers lock accounts out.
    const auto wait = reason.code == service::Code::denied ? std::max<std::chrono::milliseconds>(60s, backoff_.next()) : backoff_.next();
    again_ = context_.reactor.after(wait, [this] { open(); });
}

void XmppPlatform::deliver(const kit::Delivery& delivery) { session_.deliver(delivery); }

}  // namespace parley::xmpp
