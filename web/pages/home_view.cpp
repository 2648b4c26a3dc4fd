// The first page: search first, then the rooms, then how commands fared.
#include "web/pages/layout.h"
#include "web/pages/search_form.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

Html room_card(const bus::Value& room) {
    const auto name = room["name"].text();
    Html mirrors;
    for (const auto& one : room["rooms"].list()) {
        if (one.text() != name) mirrors += markup("<li>{}</li>", {one.text()});
    }
    const auto last = room["last_us"].number();
    return markup("<li class=\"card\"><a href=\"{}\"><b>{}</b>{}</a>{}</li>\n",
                  {room_address(room["address"].text(name)), name, last > 0 ? when(last, true) : Html(),
                   mirrors.empty() ? Html() : markup("<ul class=\"mirrors\">{}</ul>", {mirrors})});
}

}  // namespace

Html home_view(const HomeView& view) {
    Html rooms;
    for (const auto& room : view.rooms.list()) rooms += room_card(room);
    return markup(
        "<section class=\"hero\"><h1>What was said, and what was done</h1>{}"
        "<p class=\"examples\">Try <a href=\"/search?q=%22permission+denied%22\">\"permission denied\"</a> <a "
        "href=\"/search?q=outcome%3Afailed\">outcome:failed</a> "
        "<a href=\"/search?q=last%3A1d\">last:1d</a></p></section>{}<section><h2>Rooms</h2><ul "
        "class=\"cards\">{}</ul></section>{}",
        {search_form("", "newest", true), view.error ? problem(*view.error) : Html(), rooms,
         view.plot.is_nil() ? Html()
                            : markup("<section><h2>Commands by day</h2>{}</section>", {plot_view(view.plot, 0)})});
}

Html rooms_view(const std::vector<bus::Value>& rooms, const std::optional<service::Error>& error) {
    Html entries;
    for (const auto& room : rooms) entries += room_card(room);
    return markup("<h1>Rooms</h1>{}", {error ? problem(*error) : Html()}) +
           (rooms.empty() ? markup("<p class=\"empty\">No rooms yet: name some in a gateway, or join one.</p>")
                          : markup("<ul class=\"cards\">{}</ul>", {entries}));
}

}  // namespace parley::pages
