// How the system is, for people and for machines.
#include <algorithm>

#include "web/api/site.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

constexpr std::chrono::milliseconds bridge_within{1500};  // an absent bridge must not hold the page up for long
constexpr std::chrono::seconds scraped_within{4};         // Prometheus gives up after ten; what is not asked then counts as away

pages::StatusView status_of_all(const Visit& visit) {
    pages::StatusView view;
    view.bus_up = visit.site.bus.up();
    if (auto broker = visit.broker("status")) view.broker = std::move(*broker);
    if (auto archive = visit.site.bus.ask("archive", "status", bus::Value::map({}), answer_within))
        view.archive = std::move(*archive);
    for (const auto& [account, platform] : visit.site.house.accounts) {
        if (account == live::web_account) {  // this process: it has no bridge to ask
            view.accounts.emplace_back(account, bus::Value::map({{"link", view.bus_up ? "up" : "away"}, {"reason", "this page"}}));
            continue;
        }
        auto status = visit.site.bus.ask("account." + account, "status", bus::Value::map({}), bridge_within);
        view.accounts.emplace_back(account, status ? std::optional(std::move(*status)) : std::nullopt);
    }
    return view;
}

}  // namespace

server::Response status_page(const Visit& visit) {
    return visit.page("Status", "status", pages::status_view(status_of_all(visit)));
}

server::Response status_json(const Visit& visit) {
    const auto view = status_of_all(visit);
    bus::Value accounts = bus::Value::map({});
    for (const auto& [name, status] : view.accounts) accounts.set(name, status ? *status : bus::Value());
    return server::Response::json(bus::Value::map({{"bus", view.bus_up},
                                                   {"broker", view.broker.value_or(bus::Value())},
                                                   {"archive", view.archive.value_or(bus::Value())},
                                                   {"accounts", std::move(accounts)}})
                                      .json());
}

// Good only if a visitor would get an answer: the link is up and the archive answers.
server::Response healthz(const Visit& visit) {
    if (!visit.site.bus.up()) return server::Response::text("the broker is away\n", 503);
    const auto archive = visit.site.bus.ask("archive", "status", bus::Value::map({}), std::chrono::seconds(2));
    if (!archive) return server::Response::text("the archive does not answer: " + archive.error().what + "\n", 503);
    return server::Response::text("ok\n");
}

// Of every process that answers, in one text: one address to scrape for the whole house.
server::Response metrics(const Visit& visit) {
    auto& site = visit.site;
    site.metrics.gauge("parley_web_bus_up", "1 while the link to the broker is up").set(site.bus.up() ? 1 : 0);
    service::measure_process(site.metrics, "web");
    std::vector<std::string> texts{site.metrics.prometheus()};
    service::Metrics answers;
    const auto until = site.clock.steady() + scraped_within;
    const auto ask = [&](const std::string& service) {
        const bool time_left = site.bus.up() && site.clock.steady() < until;
        const auto reply = time_left ? site.bus.ask(service, "metrics", bus::Value::map({}), bridge_within) : service::fail(service::Code::unavailable, "it was not asked");
        answers.gauge("parley_up", "1 while it answers", {{"process", service}}).set(reply ? 1 : 0);
        if (reply) texts.push_back((*reply)["text"].text());
    };
    ask("broker");
    ask("archive");
    ask("page");
    for (const auto& [account, platform] : site.house.accounts)
        if (account != live::web_account) ask("account." + account);
    texts.push_back(answers.prometheus());
    auto response = server::Response::text(service::Metrics::merged(texts));
    response.type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

}  // namespace parley::api
