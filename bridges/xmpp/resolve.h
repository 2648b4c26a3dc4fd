// Where a domain's server is: its service records (RFC 6120, 3.2; XEP-0368), then their addresses. Asked on a thread of
// its own, since the system's resolver waits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::xmpp {

struct Address {
    std::string ip;  // as text
    std::uint16_t port = 0;
    friend bool operator==(const Address&, const Address&) = default;
};

struct Service {
    std::string domain;      // the JID's
    std::string host;        // empty: by the domain's service records, else the domain itself
    std::uint16_t port = 0;  // 0: as the record says, else 5222, or 5223 for direct TLS
    bool direct_tls = false;
};

// In the order to try them; at most 16.
using Found = std::function<void(service::Result<std::vector<Address>>)>;

// One question. `found` runs on the reactor's thread, unless this ends before. A resolver that never answers costs a
// thread until it does.
class Resolve {
public:
    Resolve(service::Reactor& reactor, Service service, Found found);
    ~Resolve();
    Resolve(const Resolve&) = delete;
    Resolve& operator=(const Resolve&) = delete;

private:
    struct Question;
    std::shared_ptr<Question> question_;  // with the thread, which may outlive us
};

}  // namespace parley::xmpp
