// !search: five lines with ids, and a link to the rest.
#include <fmt/format.h>

#include "broker/bots/builtins/builtin.h"
#include "broker/service/unicode.h"

namespace parley::bots {
namespace {

constexpr int hits_shown = 5;
constexpr std::size_t line_bytes_max = 240;

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') out += c;
        else out += fmt::format("%{:02X}", byte);
    }
    return out;
}

// The snippet with its hits in bold, on one line.
bus::Text line_of(const bus::Value& hit) {
    bus::Text line(fmt::format("{}  {}  {}/{}  <{}> ", hit["id"].text().substr(0, 8), when(hit), hit["account"].text(), hit["room"].text(), hit["author"].text()));
    const auto snippet = hit["snippet"].list();
    for (const auto& part : snippet) {
        auto text = part["text"].text();
        for (auto& c : text) {
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        }
        if (part["hit"].boolean() && !text.empty()) line.append(text, bus::Span::Kind::bold);
        else line.append(bus::Text(text));
    }
    if (snippet.empty()) line.append(bus::Text(hit["text"].text()));
    return line.part(0, service::unicode::prefix_within(line.plain, line_bytes_max));
}

}  // namespace

void search(const Asked& asked) {
    const auto query = asked.argument("query");
    asked.query("archive", "search", bus::Value::map({{"query", query}, {"viewer", asked.viewer()}, {"limit", hits_shown}, {"order", "newest"}, {"before_asked", asked.requested.sequence}}),
                [asked, query](const bus::Value& found) {
                    const auto& hits = found["hits"].list();
                    std::string notes;
                    for (const auto& note : found["notes"].list()) notes += "\n" + note.text();
                    if (hits.empty()) return asked.done({bus::Outcome::succeeded, fmt::format("nothing found for {}{}", query, notes), {}});
                    bus::Text text;
                    for (const auto& hit : hits) {
                        if (!text.empty()) text.append(bus::Text("\n"));
                        text.append(line_of(hit));
                    }
                    const auto total = static_cast<std::size_t>(found["total"].number());
                    if (total > hits.size()) text.append(bus::Text(fmt::format("\n{}{} in all", found["exact"].boolean(true) ? "" : "about ", total)));
                    if (const auto page = asked.page(); !page.empty()) text.append(bus::Text(fmt::format("{}{}/search?q={}", total > hits.size() ? " — " : "\n", page, percent_encoded(query))));
                    text.append(bus::Text(notes));
                    asked.done({bus::Outcome::succeeded, std::move(text), {}});
                });
}

}  // namespace parley::bots
