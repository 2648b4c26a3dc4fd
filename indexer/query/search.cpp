// The method "search": a page of hits with snippets, the talk around them, and facets.
#include <algorithm>

#include "broker/service/unicode.h"
#include "indexer/query/service.h"
#include "indexer/query/talk.h"
#include "indexer/query/viewer.h"

namespace parley::query {

using bus::Value;
using service::Result;

namespace {

constexpr std::size_t talk_beside = 3, text_bytes_max = 4096;

Value::List snippet_value(const search::Node& query, const std::string& text) {
    Value::List pieces;
    for (auto& piece : search::snippet(query, text)) pieces.push_back(Value::map({{"text", std::move(piece.text)}, {"hit", piece.hit}}));
    return pieces;
}

Value hit_value(const Seen& seen, const search::Node& query, const search::Document& document, bool talk) {
    const auto& event = document.anchor;
    const bool run = document.kind == search::DocumentKind::run;
    return Value::map({{"id", event.id.text()},
                       {"brief", event.id.brief()},
                       {"sequence", event.sequence},
                       {"time", service::iso8601(event.time)},
                       {"time_us", event.time.time_since_epoch().count()},
                       {"account", event.origin.room.account},
                       {"room", event.origin.room.room},
                       {"author", event.author.name},
                       {"author_id", event.author.id},
                       {"kind", search::name(document.kind)},
                       {"text", document.text.substr(0, service::unicode::prefix_within(document.text, text_bytes_max))},
                       {"snippet", snippet_value(query, document.text)},
                       {"edited", document.edited},
                       {"run", run ? event.id.text() : ""},
                       {"command", document.command},
                       {"outcome", search::outcome_name(document.outcome)},
                       {"before", talk ? beside(seen, event, talk_beside, true) : Value::List{}},
                       {"after", talk ? beside(seen, event, talk_beside, false) : Value::List{}}});
}

Value facets_value(const search::Facets& facets) {
    const auto list = [](const std::vector<search::FacetCount>& counts) {
        Value::List out;
        for (const auto& one : counts) out.push_back(Value::map({{"value", one.value}, {"count", one.count}}));
        return out;
    };
    return Value::map({{"platform", list(facets.platform)}, {"room", list(facets.room)}, {"person", list(facets.person)},
                       {"kind", list(facets.kind)}, {"command", list(facets.command)}, {"outcome", list(facets.outcome)}});
}

// A search asked in chat does not find the message that asks: `before_asked` is the sequence of its request.
bus::Sequence place_of_asking(const archive::View& view, bus::Sequence requested) {
    const auto event = view.event(requested);
    const auto* request = event ? std::get_if<bus::CommandRequested>(&event->body) : nullptr;
    const auto message = request != nullptr ? view.event(request->asked_by.event) : std::nullopt;
    return message ? std::min(message->sequence, requested) : requested;
}

}  // namespace

Result<Value> Service::search(const Value& asked, std::chrono::milliseconds left) {
    const auto begin = clock_.steady();
    const auto order = asked["order"].text("newest");
    if (order != "newest" && order != "relevance") {
        return service::fail(service::Code::invalid, "there is no order \"" + order + "\"", "newest or relevance");
    }
    search::Request request;
    request.query = asked["query"].text();
    request.viewer = viewer_of(asked["viewer"], house_);
    request.facets = asked["facets"].boolean();
    request.now = clock_.now();
    request.offset = static_cast<std::size_t>(std::max<std::int64_t>(0, asked["offset"].number()));
    request.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(asked["limit"].number(20), 0, search::Reader::page_max));
    request.order = order == "newest" ? search::Order::newest : search::Order::relevance;
    request.deadline = std::min(left, request.deadline);
    if (asked["before_asked"].number() > 0) {
        request.before = place_of_asking(archive::View(archive_), static_cast<bus::Sequence>(asked["before_asked"].number()));
    }
    auto found = reader_.search(request);
    if (!found) return service::fail(std::move(found.error()));

    const archive::View view(archive_);
    const search::Sight sight(view, request.viewer);
    const Seen seen{view, sight};
    Value::List hits;
    for (const auto anchor : found->anchors) {
        auto event = view.event(anchor);
        const auto document = event ? search::document_of(view, std::move(*event)) : std::nullopt;
        if (document) hits.push_back(hit_value(seen, found->query, *document, asked["context"].boolean(true)));
    }
    Value::List notes(found->notes.begin(), found->notes.end());
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - begin);
    return Value::map({{"total", found->total}, {"exact", found->exact}, {"hits", std::move(hits)},
                       {"facets", facets_value(found->facets)}, {"notes", std::move(notes)}, {"took_us", took.count()}});
}

}  // namespace parley::query
