// Search: the page, and the same answer as JSON. Nothing is asked before there is a query.
#include "web/api/site.h"
#include "web/pages/search_form.h"
#include "web/pages/views.h"

namespace parley::api {
namespace {

constexpr std::int64_t limit_usual = 20, limit_max = 100, offset_max = 10000;

bus::Value question(const Visit& visit) {
    const std::string order = visit.request.value("order") == "relevance" ? "relevance" : "newest";
    return bus::Value::map({{"query", visit.request.value("q")},
                            {"limit", visit.number("limit", limit_usual, 1, limit_max)},
                            {"offset", visit.number("offset", 0, 0, offset_max)},
                            {"order", order},
                            {"facets", visit.request.value("facets") != "no"}});
}

}  // namespace

server::Response search_page(const Visit& visit) {
    // The calendar's days become words of the query, so that the field and the address say what was asked.
    if (!visit.request.values("after").empty() || !visit.request.values("before").empty())
        return server::Response::redirect(pages::search_address(
            pages::with_days(std::string(visit.request.value("q")), std::string(visit.request.value("after")),
                             std::string(visit.request.value("before"))),
            visit.request.value("order")));
    const auto asked = question(visit);
    pages::SearchView view;
    view.query = asked["query"].text();
    view.order = asked["order"].text();
    view.offset = asked["offset"].number();
    view.limit = asked["limit"].number();
    if (view.query.find_first_not_of(' ') == std::string::npos) return server::Response::redirect("/");
    auto answer = visit.archive("search", asked);
    if (answer)
        view.answer = std::move(*answer);
    else
        view.error = answer.error();
    return visit.page(view.query, "search", pages::search_view(view), false,
                      view.error ? status_of(*view.error) : 200);
}

server::Response search_json(const Visit& visit) { return json_of(visit.archive("search", question(visit))); }

}  // namespace parley::api
