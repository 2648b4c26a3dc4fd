// [account.NAME] with platform = "xmpp".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "broker/service/settings.h"

namespace parley::xmpp {

enum class Tls { none, starttls, direct };

struct Settings {
    std::string jid;       // bare
    std::string password;
    std::string host;      // empty: found by the JID's domain
    std::uint16_t port = 0;  // 0: found or 5222
    Tls tls = Tls::starttls;
    bool insecure_tls = false;  // take any certificate
    std::string ca_file;        // empty: the system's
    std::string nick;
    std::string resource;       // a random part is added for each session
    std::chrono::milliseconds ping_after{60'000}, ping_timeout{30'000};
};

// Calls finish().
Settings read_settings(service::Table& account);

}  // namespace parley::xmpp
