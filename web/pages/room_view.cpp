// A room: the talk, where it is mirrored, and a line to write in. The script makes it live; without it the form
// posts.
#include <algorithm>

#include "web/pages/layout.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

// The newest in the journal's order, which is not always the last in time: from here the live room goes on.
std::int64_t newest(const RoomView& view) {
    std::int64_t out = 0;
    for (const auto& event : view.events) out = std::max(out, event["sequence"].number());
    return out;
}

std::int64_t edge(const RoomView& view, bool last) {
    if (view.events.empty()) return 0;
    return (last ? view.events.back() : view.events.front())["sequence"].number();
}

Html composer(const RoomView& view) {
    if (view.writes_to.empty())
        return markup(
            "<p class=\"quiet composer-none\">This room has no side on this page: it is read only here.</p>");
    return markup(
        "<form class=\"composer\" method=\"post\" action=\"/room/{}\"><div class=\"replying\" "
        "hidden><span></span><button type=\"button\" data-do=\"cancel\" aria-label=\"Do not reply\">✕</button></div>"
        "<label class=\"hidden\" for=\"text\">Message</label><textarea id=\"text\" name=\"text\" rows=\"1\" "
        "maxlength=\"8000\" placeholder=\"Write to {}  (try !help)\" required></textarea>"
        "<button type=\"submit\">Send</button></form>",
        {trusted(room_address(view.writes_to).substr(6)), view.gateway.empty() ? view.room : view.gateway});
}

}  // namespace

Html room_view(const RoomView& view) {
    Html mirrors;
    for (const auto& room : view.rooms) mirrors += markup("<li>{}</li>", {room});
    const auto before = markup("<a class=\"earlier\" href=\"{}?before={}#latest\">Earlier</a>",
                               {room_address(view.room), edge(view, false)});
    const auto after =
        markup("<nav class=\"turning\"><a href=\"{}?after={}\">Later</a><a href=\"{}#latest\">Newest</a></nav>",
               {room_address(view.room), edge(view, true), room_address(view.room)});
    const Html talk = view.events.empty() && !view.error
                          ? markup("<p class=\"empty nothing\">Nothing has been said here yet. Say hello.</p>")
                          : Html();
    return markup(
        "<div class=\"room\" data-room=\"{}\" data-live=\"{}\" data-last=\"{}\" data-writes=\"{}\">"
        "<div class=\"room-head\"><h1>{}</h1><ul class=\"mirrors\" aria-label=\"Mirrored in\">{}</ul><p "
        "class=\"link-state\" role=\"status\"></p></div>"
        "{}<div class=\"scroll\" tabindex=\"0\" role=\"log\" aria-label=\"Talk\">{}{}<ol "
        "class=\"talk\">{}</ol>{}<div id=\"latest\"></div></div>{}</div>",
        {view.room, view.live ? "yes" : "no", newest(view), view.writes_to,
         view.gateway.empty() ? view.room : view.gateway, mirrors, view.error ? problem(*view.error) : Html(),
         view.more_before ? before : Html(), talk, timeline(view.events, view.timeline), view.live ? Html() : after,
         composer(view)});
}

}  // namespace parley::pages
