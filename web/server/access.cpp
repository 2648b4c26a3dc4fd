#include "web/server/access.h"

namespace parley::server {
namespace {

// The policy has no 'unsafe-inline': no script or style can come from a message, whatever slips through.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action "
    "'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

bool loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

std::string_view host_name(std::string_view host) {
    if (host.starts_with('['))
        return host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
    return host.substr(0, host.rfind(':'));
}

}  // namespace

bool from_this_machine(const Request& request) {
    const auto name = host_name(request.header("host"));
    const bool forwarded = !request.header("x-forwarded-for").empty() || !request.header("forwarded").empty() ||
                           !request.header("via").empty();
    return loopback(request.remote) && (name == "localhost" || loopback(name)) && !forwarded;
}

bool same_origin(const Request& request) {
    const auto origin = request.header("origin");
    if (!origin.empty()) {
        const auto slashes = origin.find("://");
        return slashes != std::string_view::npos && origin.substr(slashes + 3) == request.header("host");
    }
    const auto site = request.header("sec-fetch-site");
    return site.empty() || site == "same-origin" || site == "none";
}

Access::Access(Sessions& sessions, bool local_sign_in, std::string page)
    : sessions_(sessions), local_sign_in_(local_sign_in), secure_(page.starts_with("https:")) {}

std::optional<Person> Access::who(const Request& request) const {
    if (const auto token = request.cookie(cookie_name)) {
        if (auto person = sessions_.find(*token)) return person;
    }
    if (local_sign_in_ && from_this_machine(request))
        return Person{"operator", "operator", bus::Strength::signed_in, true, {}};
    return std::nullopt;
}

bool Access::may_change(const Request& request) const { return same_origin(request); }

void Access::finish(const Request& request, Response& response) const {
    response.with("Content-Security-Policy", std::string(content_policy));
    response.with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "DENY")
        .with("Referrer-Policy", "same-origin");
    response.with("Cross-Origin-Opener-Policy", "same-origin").with("Cross-Origin-Resource-Policy", "same-origin");
    if (value_of(response.headers, "Cache-Control").empty()) response.with("Cache-Control", "no-store");
    if (!value_of(response.headers, "Set-Cookie").empty()) return;
    if (const auto token = request.cookie(cookie_name)) {
        if (const auto fresh = sessions_.rotated(*token)) response.with("Set-Cookie", cookie(*fresh));
    }
}

std::string Access::cookie(const std::string& token) const {
    return std::string(cookie_name) + "=" + token + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000" +
           (secure_ ? "; Secure" : "");
}
std::string Access::no_cookie() const {
    return std::string(cookie_name) + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
}

}  // namespace parley::server
