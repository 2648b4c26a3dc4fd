// Whatever a browser or a program asks: it gets an answer, as text that is valid, in headers of one line, without a
// script or an attribute of the asker's; nothing changes but from our own page; and what is written can be published.
// Input: a request as on the wire. What the archive answers holds its body.
#include "tests/fuzz/site.h"

using namespace parley;
using fuzz::invariant;

namespace {

server::Request read(std::string_view rest) {
    server::Request request;
    request.remote = "127.0.0.1";
    auto first = fuzz::take_until(rest, '\n');
    request.method = std::string(fuzz::take_until(first, ' '));
    auto target = fuzz::take_until(first, ' ');
    request.path = std::string(fuzz::take_until(target, '?'));
    request.query = server::parse_form(target);
    while (!rest.empty()) {
        auto line = fuzz::take_until(rest, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) break;
        std::string name(fuzz::take_until(line, ':'));
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        while (line.starts_with(' ')) line.remove_prefix(1);
        if (name == "x-peer") request.remote = std::string(line);  // who is at the other end
        else if (line.find('\0') == std::string_view::npos) request.headers.emplace_back(std::move(name), std::string(line));
    }
    request.body = std::string(rest);
    return request;
}

// Walks the tags: all that stands in them is quoted, and no script comes from elsewhere.
void no_stranger_inside(std::string_view html) {
    for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
        const auto end = html.find('>', at);
        invariant(end != std::string_view::npos, "a tag ends");
        auto tag = html.substr(at + 1, end - at - 1);
        at = end;
        if (tag.starts_with('!') || tag.starts_with('/')) continue;
        const auto name = fuzz::take_until(tag, ' ');
        invariant(!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos, "a tag has a name");
        if (name == "script") invariant(tag.find("src=\"/assets/") != std::string_view::npos, "a script is ours");
        while (!tag.empty()) {
            const auto key = fuzz::take_until(tag, '=');
            invariant(!key.starts_with("on") && key.find('"') == std::string_view::npos, "no attribute runs anything");
            if (tag.empty()) break;  // attributes without a value
            invariant(fuzz::take_byte(tag) == '"', "an attribute is quoted");
            const auto value = fuzz::take_until(tag, '"');
            if (key.ends_with("href") || key.ends_with("action")) {
                invariant(value.empty() || value[0] == '/' || value[0] == '#' || value[0] == '?' || pages::safe_address(value) || value.starts_with("data:image/"), "a link leads to us or is safe");
            }
            while (tag.starts_with(' ')) tag.remove_prefix(1);
        }
    }
}

void check(const server::Response& response) {
    invariant(response.status >= 200 && response.status < 600, "an answer has a status");
    invariant(response.status != 500, "nothing a stranger asks breaks something here");
    for (const auto& [name, value] : response.headers) invariant(fuzz::one_line(name) && fuzz::one_line(value), "a header is one line");
    invariant(!server::value_of(response.headers, "Content-Security-Policy").empty(), "every answer has its policy");
    if (response.type.starts_with("image/")) return;
    invariant(fuzz::valid(response.body), "an answer is UTF-8");
    if (response.type.starts_with("text/html")) no_stranger_inside(response.body);
    if (response.type == "application/json") invariant(server::parse_json(response.body).has_value(), "JSON is JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::be_quiet();
    const auto request = read(fuzz::text_of(data, size));
    testing::FakeSite site;
    fuzz::fill(site.bus, request.body);
    const auto person = site.access.who(request);
    check(api::answer(site.site, request));
    for (const auto& event : site.bus.published) {
        invariant(person.has_value() && server::same_origin(request), "only our own page writes, for somebody");
        invariant(event.author.id == person->id && event.origin.room.account == "web", "a person writes as themselves, in a room of the page");
        fuzz::survives(event);
    }
    const auto form = request.form();
    invariant(form.size() <= 256, "a form keeps its limit");
    invariant(server::parse_form(server::form(form)) == form || form.empty() || form[0].first.empty(), "a form survives a round trip");
    for (const auto& part : request.segments()) invariant(server::decode(server::encode(part), false) == part, "a part of a path survives a round trip");
    return 0;
}
