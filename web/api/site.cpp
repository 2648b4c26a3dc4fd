#include "web/api/site.h"

#include <algorithm>
#include <charconv>

#include "web/pages/views.h"

namespace parley::api {

using server::Response;
using service::Code;
using service::Error;

std::int64_t Visit::number(std::string_view name, std::int64_t fallback, std::int64_t least,
                           std::int64_t most) const {
    const auto said = request.value(name);
    std::int64_t out = fallback;
    const auto [end, wrong] = std::from_chars(said.data(), said.data() + said.size(), out);
    if (wrong != std::errc() || end != said.data() + said.size()) out = fallback;
    return std::clamp(out, least, most);
}

service::Result<bus::Value> Visit::archive(const std::string& method, bus::Value asked) const {
    asked.set("viewer", viewer());
    return site.bus.ask("archive", method, asked, answer_within);
}

service::Result<bus::Value> Visit::broker(const std::string& method, bus::Value asked) const {
    return site.bus.ask("broker", method, asked, answer_within);
}

Response Visit::page(const std::string& title, std::string_view here, const pages::Html& content, bool wide,
                     int status) const {
    pages::Frame frame{title, std::string(here), site.house.name, person.name, std::string(request.value("q")),
                       wide,  site.clock.now()};
    return Response::html(pages::document(frame, content), status);
}

Response Visit::error_page(const Error& error) const {
    const int status = status_of(error);
    return page(status == 404 ? "Not here" : "Error", "", pages::error_view(status, error), false, status);
}

int status_of(const Error& error) {
    switch (error.code) {
        case Code::invalid:
            return 400;
        case Code::not_found:
            return 404;
        case Code::denied:
            return 403;
        case Code::conflict:
            return 409;
        case Code::limit:
            return 429;
        case Code::unavailable:
            return 503;
        case Code::timeout:
            return 504;
        default:
            return 500;
    }
}

Response json_error(const Error& error) {
    const auto body = bus::Value::map(
        {{"error",
          bus::Value::map({{"code", service::name(error.code)}, {"what", error.what}, {"hint", error.hint}})}});
    return Response::json(body.json(), status_of(error));
}

Response json_of(const service::Result<bus::Value>& answer) {
    return answer ? Response::json(answer->json()) : json_error(answer.error());
}

namespace {

bool split_matches(std::string_view pattern, const std::vector<std::string>& segments,
                   std::vector<std::string>& parts) {
    parts.clear();
    std::size_t at = 0;
    while (!pattern.empty() && pattern != "/") {
        pattern.remove_prefix(1);
        const auto word = pattern.substr(0, pattern.find('/'));
        if (at == segments.size()) return false;
        if (word == "*")
            parts.push_back(segments[at]);
        else if (word != segments[at])
            return false;
        ++at;
        pattern.remove_prefix(word.size());
    }
    return at == segments.size();
}

const server::Person nobody;

Response find_and_answer(const Site& site, const server::Request& request) {
    const auto segments = request.segments();
    const bool for_program = !segments.empty() && segments[0] == "api";
    const auto method = request.method == "HEAD" ? "GET" : request.method;
    const auto person = site.access.who(request);
    Visit visit{site, request, person ? *person : nobody, {}};
    const auto refuse = [&](const Error& error) { return for_program ? json_error(error) : visit.error_page(error); };

    bool other_method = false;
    for (const Route& route : routes()) {
        if (!split_matches(route.pattern, segments, visit.parts)) continue;
        if (route.method != method) {
            other_method = true;
            continue;
        }
        if (!person && !route.open) {
            if (for_program) {
                auto refused = json_error(
                    {Code::denied, "nobody is signed in", "send the session cookie of " + site.house.page});
                refused.status = 401;
                return refused;
            }
            pages::Frame frame{"Sign in", "", site.house.name, "", "", false, site.clock.now()};
            return Response::html(pages::document(frame, pages::sign_in_view(site.house.name, site.house.prefix)),
                                  401);
        }
        if (method != "GET" && !site.access.may_change(request)) {
            return refuse({Code::denied, "this request comes from another page", "use the page itself"});
        }
        return route.answer(visit);
    }
    if (other_method) return Response::text("Not with this method.\n", 405);
    if (!person) return Response::text("Not here.\n", 404);
    return refuse({Code::not_found, "there is no such page", ""});
}

}  // namespace

const std::vector<Route>& routes() {
    static const std::vector<Route> all = {
        {"GET", "/", false, home_page},
        {"GET", "/search", false, search_page},
        {"GET", "/rooms", false, rooms_page},
        {"GET", "/room/*", false, room_page},
        {"POST", "/room/*", false, room_post},
        {"GET", "/m/*", false, event_page},
        {"GET", "/run/*", false, run_page},
        {"POST", "/run/*/cancel", false, run_cancel},
        {"GET", "/commands", false, commands_page},
        {"GET", "/status", false, status_page},
        {"GET", "/me", false, me_page},
        {"POST", "/me", false, me_post},
        {"GET", "/login/*", true, login_page},
        {"POST", "/login/*", true, login_post},
        {"POST", "/sign-out", false, sign_out},
        {"GET", "/assets/*/*", true, asset},
        {"GET", "/healthz", true, healthz},
        {"GET", "/metrics", true, metrics},
        {"GET", "/api/openapi.yaml", true, openapi},
        {"GET", "/api/search", false, search_json},
        {"GET", "/api/rooms", false, rooms_json},
        {"GET", "/api/rooms/*/messages", false, room_json},
        {"POST", "/api/rooms/*/messages", false, room_post_json},
        {"GET", "/api/events/*", false, event_json},
        {"GET", "/api/runs/*", false, run_json},
        {"GET", "/api/commands", false, commands_json},
        {"GET", "/api/status", false, status_json},
        {"GET", "/api/plot", false, plot_json},
    };
    return all;
}

Response answer(const Site& site, const server::Request& request) {
    const auto begun = site.clock.steady();
    Response response = find_and_answer(site, request);
    site.access.finish(request, response);
    site.metrics
        .counter("parley_web_requests_total", "Requests answered", {{"status", std::to_string(response.status)}})
        .add();
    site.metrics.histogram("parley_web_request_seconds", "Time to answer a request")
        .observe(site.clock.steady() - begun);
    return response;
}

}  // namespace parley::api
