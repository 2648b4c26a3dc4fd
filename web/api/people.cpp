// Signing in by a one-time link, the name that others see, signing out.
#include "broker/service/unicode.h"
#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

using server::Response;
using service::Code;

constexpr std::size_t name_bytes_max = 64;

// A name is one line, short, and visible: it stands in front of every message in every network.
std::optional<std::string> clean_name(std::string_view wanted) {
    std::string out;
    const std::string valid = service::unicode::repaired(wanted);
    for (std::size_t at = 0; at < valid.size();) {
        const auto [point, next] = service::unicode::decode(valid, at);
        const auto sort = service::unicode::classify(point);
        if (point == ' ' || (sort != service::unicode::Class::other && sort != service::unicode::Class::separator))
            service::unicode::append(out, point);
        at = next;
    }
    while (out.starts_with(' ')) out.erase(0, 1);
    out = out.substr(0, service::unicode::prefix_within(out, name_bytes_max));
    while (out.ends_with(' ')) out.pop_back();
    if (out.empty()) return std::nullopt;
    return out;
}

}  // namespace

Response me_page(const Visit& visit) {
    return visit.page("You", "", pages::me_view(visit.person.name, visit.person.id, !visit.person.mark.empty()));
}

Response me_post(const Visit& visit) {
    const auto name = clean_name(server::value_of(visit.request.form(), "name"));
    if (!name)
        return visit.error_page({Code::invalid, "a name needs at least one visible character", "choose another"});
    auto response = Response::redirect("/");
    if (visit.person.mark.empty()) {
        server::Person person = visit.person;
        person.name = *name;
        response.with("Set-Cookie", visit.site.access.cookie(visit.site.sessions.open(person)));
    } else if (const auto token = visit.request.cookie(server::cookie_name)) {
        visit.site.sessions.rename(*token, *name);
    }
    return response;
}

Response login_page(const Visit& visit) {
    const auto person = visit.site.sessions.peek(visit.parts.at(0));
    if (!person)
        return visit.error_page({Code::not_found, "this link has been used or has lapsed",
                                 "ask for a new one with " + visit.site.house.prefix + "login"});
    return visit.page("Sign in", "", pages::login_view(visit.parts.at(0), person->name));
}

Response login_post(const Visit& visit) {
    const auto person = visit.site.sessions.redeem(visit.parts.at(0));
    if (!person)
        return visit.error_page({Code::not_found, "this link has been used or has lapsed",
                                 "ask for a new one with " + visit.site.house.prefix + "login"});
    auto response = Response::redirect("/");
    return response.with("Set-Cookie", visit.site.access.cookie(visit.site.sessions.open(*person)));
}

Response sign_out(const Visit& visit) {
    if (const auto token = visit.request.cookie(server::cookie_name)) visit.site.sessions.end(*token);
    auto response = Response::redirect("/");
    return response.with("Set-Cookie", visit.site.access.no_cookie());
}

}  // namespace parley::api
