// What every resource needs, and the table of routes. A resource answers as a page or as JSON; both come from the
// same question to the same service.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "broker/bus/house_settings.h"
#include "broker/service/metrics.h"
#include "web/live/conversation.h"
#include "web/pages/layout.h"
#include "web/server/access.h"
#include "web/server/bus_link.h"

namespace parley::api {

constexpr std::chrono::seconds answer_within{5};

struct Site {
    server::Bus& bus;
    server::Access& access;
    server::Sessions& sessions;
    live::Hub& hub;
    live::Writer& writer;
    const bus::HouseSettings& house;
    service::Metrics& metrics;
    const service::Clock& clock;
};

// One request, by somebody.
struct Visit {
    const Site& site;
    const server::Request& request;
    const server::Person& person;
    std::vector<std::string> parts;  // what the route's stars stand for

    bus::Value viewer() const { return live::viewer(site.house, person); }
    std::int64_t number(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most) const;
    service::Result<bus::Value> archive(const std::string& method,
                                        bus::Value request) const;  // with the viewer added
    service::Result<bus::Value> broker(const std::string& method, bus::Value request = bus::Value::map({})) const;
    server::Response page(const std::string& title, std::string_view here, const pages::Html& content,
                          bool wide = false, int status = 200) const;
    server::Response error_page(const service::Error& error) const;
};

int status_of(const service::Error& error);
server::Response json_of(const service::Result<bus::Value>& answer);
server::Response json_error(const service::Error& error);

struct Route {
    std::string_view method;   // GET answers HEAD too
    std::string_view pattern;  // "/room/*": a star is one part of the path
    bool open;                 // for those too who are not signed in
    server::Response (*answer)(const Visit&);
};
const std::vector<Route>& routes();

// Finds the route, checks who asks and where the request comes from, and adds the headers that every answer has.
server::Response answer(const Site& site, const server::Request& request);

// -- The resources, a file each ------------------------------------------------------------------------------------

server::Response search_page(const Visit& visit);
server::Response search_json(const Visit& visit);
server::Response home_page(const Visit& visit);
server::Response rooms_page(const Visit& visit);
server::Response rooms_json(const Visit& visit);
server::Response room_page(const Visit& visit);
server::Response room_json(const Visit& visit);
server::Response room_post(const Visit& visit);  // the form, without the script
server::Response room_post_json(const Visit& visit);
server::Response event_page(const Visit& visit);  // a permalink: on to the room or the run
server::Response event_json(const Visit& visit);
server::Response run_page(const Visit& visit);
server::Response run_cancel(const Visit& visit);
server::Response run_json(const Visit& visit);
server::Response plot_json(const Visit& visit);
server::Response commands_page(const Visit& visit);
server::Response commands_json(const Visit& visit);
server::Response status_page(const Visit& visit);
server::Response status_json(const Visit& visit);
server::Response healthz(const Visit& visit);
server::Response metrics(const Visit& visit);
server::Response me_page(const Visit& visit);
server::Response me_post(const Visit& visit);
server::Response login_page(const Visit& visit);
server::Response login_post(const Visit& visit);
server::Response sign_out(const Visit& visit);
server::Response asset(const Visit& visit);
server::Response openapi(const Visit& visit);

}  // namespace parley::api
