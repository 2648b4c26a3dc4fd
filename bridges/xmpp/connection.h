// One stream to an XMPP server: sockets, TLS, sign-in. The only place that includes strophe.h. Lives on the reactor's
// thread; everything it calls back runs there too, never from inside send().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bridges/xmpp/element.h"
#include "bridges/xmpp/settings.h"
#include "broker/service/error.h"
#include "broker/service/reactor.h"

namespace parley::xmpp {

class Connection {
public:
    struct Listener {
        // Resumed (XEP-0198): the session goes on as if the link had never gone, and nothing sent on it is lost.
        std::function<void(const std::string& bound_jid, bool resumed)> up;
        std::function<void(const service::Error& reason)> down;  // once after each open()
        std::function<void(const Element& stanza)> stanza;
    };

    Connection(service::Reactor& reactor, const Settings& settings, Listener listener);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void open(const std::string& resource);
    void send(const Element& stanza);
    void close();                                // politely; down() follows
    // At once, without a word to the server; down() follows. `session_too`: it is not resumed.
    void abandon(const service::Error& reason, bool session_too);

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace parley::xmpp
