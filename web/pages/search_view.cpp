// The search field, results with snippets, and filters with their counts. A filter is a word of the query language,
// so that the field always says exactly what was asked.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "broker/service/unicode.h"
#include "web/pages/layout.h"
#include "web/pages/rich_text.h"
#include "web/pages/search_form.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

using bus::Value;

struct Facet {
    std::string_view key, prefix, label;
};
constexpr Facet facets[] = {{"room", "in", "Room"},
                            {"person", "from", "Person"},
                            {"kind", "kind", "Kind"},
                            {"command", "command", "Command"},
                            {"outcome", "outcome", "Outcome"},
                            {"platform", "platform", "Platform"}};
constexpr std::pair<std::string_view, std::string_view> times[] = {
    {"1d", "Last day"}, {"7d", "Last week"}, {"30d", "Last month"}, {"365d", "Last year"}};

std::string filter(std::string_view prefix, std::string_view value) {
    const bool plain = value.find_first_of(" \"()") == std::string_view::npos;
    std::string escaped_value;
    for (const char c : value)
        escaped_value += (c == '"' || c == '\\') && !plain ? std::string{'\\', c} : std::string{c};
    return std::string(prefix) + ":" + (plain ? escaped_value : "\"" + escaped_value + "\"");
}

bool has_word(const std::string& query, const std::string& word) {
    return (" " + query + " ").find(" " + word + " ") != std::string::npos;
}

std::string without_word(const std::string& query, const std::string& word) {
    const std::string padded = " " + query + " ";
    const auto at = padded.find(" " + word + " ");
    if (at == std::string::npos) return query;
    std::string out = padded.substr(0, at) + padded.substr(at + word.size() + 1);
    const auto first = out.find_first_not_of(' ');
    return first == std::string::npos ? std::string() : out.substr(first, out.find_last_not_of(' ') - first + 1);
}

// The words of a query: what stands between blanks that are not in quotes.
std::vector<std::string> words_in(std::string_view query) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (const char c : query) {
        if (c == '"') quoted = !quoted;
        if (c == ' ' && !quoted)
            out.emplace_back();
        else
            out.back() += c;
    }
    std::erase(out, std::string());
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

Html order_field(std::string_view order) {
    return order == "relevance" ? trusted("<input type=\"hidden\" name=\"order\" value=\"relevance\">") : Html();
}

bool is_of_field(std::string_view word, std::string_view field) {
    return word.size() > field.size() && word[field.size()] == ':' && word.starts_with(field);
}

// A filter is for the whole query, so alternatives go into parentheses first.
std::string narrowed(const std::string& query, const std::string& word) {
    int depth = 0;
    bool alternatives = false;
    for (const auto& one : words_in(query)) {
        alternatives = alternatives || (depth == 0 && one == "OR");
        depth += static_cast<int>(std::count(one.begin(), one.end(), '(') - std::count(one.begin(), one.end(), ')'));
    }
    const auto whole = alternatives ? "(" + query + ")" : query;
    return whole.empty() ? word : whole + " " + word;
}

std::string without_prefix(std::string query, const std::string& prefix) {
    for (const auto& [value, label] : times) query = without_word(query, filter(prefix, value));
    return query;
}

Html choice(const SearchView& view, const std::string& word, std::string_view label, const Html& count,
            const std::string& base) {
    const bool on = has_word(view.query, word);
    const auto target = on ? without_word(view.query, word) : narrowed(base, word);
    return markup("<li><a{} href=\"{}\"><span>{}</span>{}</a></li>",
                  {on ? trusted(" class=\"on\" aria-current=\"true\"") : Html(), search_address(target, view.order),
                   label, count});
}

// Exact days, for the browser's own calendar; the page turns them into words of the query (with_days).
Html days(const SearchView& view) {
    Html out;
    auto rest = words_in(view.query);
    constexpr std::pair<std::string_view, std::string_view> edges[] = {{"after", "From"}, {"before", "Before"}};
    for (const auto& edge : edges) {
        const auto field = edge.first;
        std::string day;
        for (const auto& word : rest) {
            if (is_of_field(word, field)) day = word.substr(field.size() + 1, std::string_view("2026-11-23").size());
        }
        std::erase_if(rest, [&](const std::string& word) { return is_of_field(word, field); });
        out += markup("<label>{} <input type=\"date\" name=\"{}\" value=\"{}\"></label>", {edge.second, field, day});
    }
    return markup(
        "<form class=\"days\" action=\"/search\"><input type=\"hidden\" name=\"q\" value=\"{}\">{}{}"
        "<button type=\"submit\">Apply</button></form>",
        {joined(rest), order_field(view.order), out});
}

Html filters(const SearchView& view) {
    Html out;
    for (const Facet& facet : facets) {
        const auto& counts = view.answer["facets"][facet.key].list();
        if (counts.empty()) continue;
        Html entries;
        for (std::size_t i = 0; i < counts.size() && i < 12; ++i) {
            const auto value = counts[i]["value"].text();
            std::string label = value;
            if (facet.key == "outcome" || facet.key == "kind") std::replace(label.begin(), label.end(), '_', ' ');
            entries +=
                choice(view, filter(facet.prefix, value), label,
                       markup("<span class=\"count\">{}</span>", {grouped(counts[i]["count"].number())}), view.query);
        }
        out += markup("<section><h2>{}</h2><ul>{}</ul></section>", {facet.label, entries});
    }
    Html when_entries;
    for (const auto& [value, label] : times)
        when_entries += choice(view, filter("last", value), label, {}, without_prefix(view.query, "last"));
    out += markup("<section><h2>Time</h2><ul>{}</ul></section><section><h2>Days</h2>{}</section>", {when_entries, days(view)});
    return markup(
        "<aside class=\"filters\" aria-label=\"Filters\"><details "
        "open><summary>Filters</summary>{}</details></aside>",
        {out});
}

Html snippet(const Value& hit) {
    if (hit["snippet"].list().empty()) return escaped(text_of(hit).plain);
    Html out;
    for (const Value& part : hit["snippet"].list()) {
        out +=
            part["hit"].boolean() ? markup("<mark>{}</mark>", {part["text"].text()}) : escaped(part["text"].text());
    }
    return out;
}

std::string author_of(const Value& event) {
    return event["author"].is_map() ? event["author"]["name"].text() : event["author"].text();
}

// The nearest of the talk: two messages before, one after. The rest is behind the link.
Html around(const Value& talk, bool before) {
    Html out;
    const auto& list = talk.list();
    const std::size_t first = before && list.size() > 2 ? list.size() - 2 : 0;
    const std::size_t end = before ? list.size() : std::min<std::size_t>(1, list.size());
    for (std::size_t i = first; i < end; ++i) {
        const Value& event = list[i];
        const auto words = event.is_text() ? event.text() : text_of(event).plain;
        if (!words.empty())
            out += markup("<p class=\"around\"><b>{}</b> {}</p>", {author_of(event), words.substr(0, 600)});
    }
    return out;
}

Html hit_item(const Value& hit) {
    const auto id = hit["id"].text();
    const auto kind = hit["kind"].text();
    const auto room = hit["account"].text() + "/" + hit["room"].text();
    const auto run = hit["run"].text();
    const bool of_run = !run.empty() && kind != "message";
    const std::string address = of_run ? run_address(run) : "/m/" + id;
    Html labels;
    if (const auto command = hit["command"].text(); !command.empty())
        labels += markup("<span class=\"command\">!{}</span>", {command});
    if (const auto outcome = hit["outcome"].text(); !outcome.empty()) labels += badge(outcome);
    return markup(
        "<li class=\"hit\"><div class=\"head\">{}<b class=\"name\">{}</b><a class=\"room\" href=\"{}\">{}</a>{}<a "
        "class=\"time\" href=\"{}\">{}</a></div>"
        "{}<p class=\"snippet{}\"><a href=\"{}\">{}</a></p>{}</li>\n",
        {avatar(author_of(hit)), author_of(hit), room_address(room, hit["sequence"].number(), id), room, labels,
         address, when(hit["time_us"].number(), true), around(hit["before"], true),
         of_run && text_of(hit).plain.find("  ") != std::string::npos ? " output" : "", address, snippet(hit),
         around(hit["after"], false)});
}

Html turning(const SearchView& view) {
    const auto total = view.answer["total"].number();
    Html out;
    if (view.offset > 0)
        out += markup("<a rel=\"prev\" href=\"{}\">← Newer</a>",
                      {search_address(view.query, view.order, std::max<std::int64_t>(0, view.offset - view.limit))});
    if (view.offset + view.limit < total)
        out += markup("<a rel=\"next\" href=\"{}\">More results →</a>",
                      {search_address(view.query, view.order, view.offset + view.limit)});
    return out.empty() ? out : markup("<nav class=\"turning\" aria-label=\"Pages\">{}</nav>", {out});
}

// The query language says "at character 7 of the query: …", counted from 1: the place is marked in the query as typed.
Html query_error(const std::string& query, const service::Error& error) {
    constexpr std::string_view sign = "at character ";
    if (!error.what.starts_with(sign)) return problem(error);
    auto left = std::strtoul(error.what.c_str() + sign.size(), nullptr, 10);
    std::size_t place = 0;
    const auto typed = service::unicode::repaired(query);
    for (; left > 1 && place < typed.size(); --left) place = service::unicode::decode(typed, place).next;
    return markup("<p class=\"query\"><code>{}<mark>{}</mark></code></p>",
                  {typed.substr(0, place), place < typed.size() ? typed.substr(place) : std::string("␣")}) +
           problem(error);
}

}  // namespace

Html search_form(const std::string& query, const std::string& order, bool autofocus) {
    return markup(
        "<form class=\"search\" role=\"search\" action=\"/search\"><label class=\"hidden\" for=\"q\">Search</label>"
        "<input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" placeholder=\"Search every room, command and "
        "result\" autocomplete=\"off\" spellcheck=\"false\" maxlength=\"1000\"{}>"
        "{}<button type=\"submit\">Search</button></form>",
        {query, autofocus ? trusted(" autofocus") : Html(), order_field(order)});
}

std::string with_days(const std::string& query, const std::string& after, const std::string& before) {
    auto words = words_in(query);
    std::erase_if(words, [](const std::string& one) { return is_of_field(one, "after") || is_of_field(one, "before"); });
    auto out = joined(words);
    if (!after.empty()) out = narrowed(out, filter("after", after));
    if (!before.empty()) out = narrowed(out, filter("before", before));
    return out;
}

Html search_view(const SearchView& view) {
    Html out = markup("<h1 class=\"hidden\">Search</h1>") + search_form(view.query, view.order, false);
    if (view.error) return out + query_error(view.query, *view.error);
    if (view.answer.is_nil()) return out;
    const auto total = view.answer["total"].number();
    Html hits;
    for (const Value& hit : view.answer["hits"].list()) hits += hit_item(hit);
    const auto order_link = [&](std::string_view order, std::string_view label) {
        return markup("<a href=\"{}\"{}>{}</a>",
                      {search_address(view.query, order),
                       view.order == order ? trusted(" aria-current=\"true\"") : Html(), label});
    };
    const auto took = service::for_people(std::chrono::microseconds(view.answer["took_us"].number()));
    const Html summary = markup(
        "<div class=\"summary\"><p role=\"status\">{}{} <span class=\"quiet\">in {}</span></p><p "
        "class=\"order\">{}{}</p></div>",
        {view.answer["exact"].boolean(true) ? "" : "about ", plural(total, "result", "results"), took,
         order_link("newest", "Newest"), order_link("relevance", "Best match")});
    Html notes;
    for (const Value& note : view.answer["notes"].list()) notes += markup("<p class=\"note quiet\">{}</p>", {note.text()});
    const Html results = total == 0 ? markup(
                                          "<div class=\"empty\"><p>Nothing matches.</p><p class=\"hint\">Try fewer "
                                          "words, a prefix like <code>conn*</code>, or take a filter away.</p></div>")
                                    : markup("<ol class=\"hits\">{}</ol>", {hits});
    return out +
           markup("<div class=\"columns\">{}<section class=\"results\" aria-label=\"Results\">{}{}{}{}</section></div>",
                  {filters(view), summary, notes, results, turning(view)});
}

}  // namespace parley::pages
