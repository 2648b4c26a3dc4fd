// Who a request comes from and what it may do: cookies, loopback, same origin. The headers that close the usual
// holes.
#pragma once

#include <optional>
#include <string>

#include "web/server/http.h"
#include "web/server/sessions.h"

namespace parley::server {

constexpr std::string_view cookie_name = "parley_session";

class Access {
public:
    Access(Sessions& sessions, bool local_sign_in, std::string page);

    // Who it is; nullopt: nobody we know. On loopback with local_sign_in a visitor without a cookie is the operator.
    std::optional<Person> who(const Request& request) const;
    // A request that changes something must come from our own page, or from a program that sends no Origin.
    bool may_change(const Request& request) const;
    // Adds what every answer carries, and a fresh cookie if the old one is due.
    void finish(const Request& request, Response& response) const;

    std::string cookie(const std::string& token) const;
    std::string no_cookie() const;

private:
    Sessions& sessions_;
    bool local_sign_in_;
    bool secure_;  // the page is served by https: (a proxy's), so cookies may insist on it
};

// Straight from this machine: the peer, the name asked for, and nobody in between. A page elsewhere that makes its
// own name resolve to 127.0.0.1 fails at the name.
bool from_this_machine(const Request& request);
bool same_origin(const Request& request);

}  // namespace parley::server
