// Searching; see index.h. Xapian proposes documents, and one decider checks each: state, rights, times, and where the
// terms alone cannot tell, the text. What it counts, nobody else sees: hits, totals and facets never leak.
#include <algorithm>
#include <queue>
#include <unordered_map>
#include <xapian.h>

#include "indexer/search/index.h"

namespace parley::search {
namespace {

using Kind = Node::Kind;
using archive::NameKind;
using service::Code;

struct Late {};  // thrown out of Xapian when the deadline has passed

// A query for Xapian that finds at least everything that matches; `exact` says whether it finds nothing else.
struct Plan {
    Xapian::Query query;
    bool exact = true;
};

class Planner {
public:
    Planner(const Xapian::Database& database, std::vector<std::string>& notes) : database_(database), notes_(notes) {}

    Plan plan(const Node& node) {
        switch (node.kind) {
            case Kind::everything: return {Xapian::Query::MatchAll, true};
            case Kind::word: return {any(word_forms(node.terms.front()), Xapian::Query::OP_SYNONYM), true};
            case Kind::token: return token(node);
            case Kind::phrase: return {all(node.terms), false};
            case Kind::prefix: return {any(expansions(node.terms.front()), Xapian::Query::OP_SYNONYM), true};
            case Kind::field: return {Xapian::Query(Xapian::Query::OP_SCALE_WEIGHT, any(node.terms, Xapian::Query::OP_OR), 0), true};
            case Kind::time: return {Xapian::Query::MatchAll, false};
            case Kind::all_of: return conjunction(node);
            case Kind::any_of: return disjunction(node);
            case Kind::none_of: return negation(node);
        }
        return {};
    }

private:
    static Xapian::Query any(const std::vector<std::string>& terms, Xapian::Query::op how) { return {how, terms.begin(), terms.end()}; }
    static Xapian::Query all(const std::vector<std::string>& terms) { return {Xapian::Query::OP_AND, terms.begin(), terms.end()}; }

    static Plan token(const Node& node) {
        const Xapian::Query whole(node.text.size() <= 200 ? node.text : std::string("\x01"));
        if (node.terms.size() < 2) return {whole, true};
        return {Xapian::Query(Xapian::Query::OP_OR, whole, all(node.terms)), false};
    }
    Plan conjunction(const Node& node) {
        std::vector<Xapian::Query> wanted, unwanted;
        bool exact = true;
        for (const auto& child : node.children) {
            const bool negative = child.kind == Kind::none_of;
            auto part = plan(negative ? child.children.front() : child);
            exact = exact && part.exact;
            if (!negative && child.kind != Kind::time) wanted.push_back(std::move(part.query));
            if (negative && part.exact) unwanted.push_back(std::move(part.query));
        }
        Xapian::Query query = wanted.empty() ? Xapian::Query::MatchAll : Xapian::Query(Xapian::Query::OP_AND, wanted.begin(), wanted.end());
        if (!unwanted.empty()) query = {Xapian::Query::OP_AND_NOT, query, Xapian::Query(Xapian::Query::OP_OR, unwanted.begin(), unwanted.end())};
        return {query, exact};
    }
    Plan disjunction(const Node& node) {
        std::vector<Xapian::Query> parts;
        bool exact = true;
        for (const auto& child : node.children) {
            auto part = plan(child);
            exact = exact && part.exact;
            parts.push_back(std::move(part.query));
        }
        return {Xapian::Query(Xapian::Query::OP_OR, parts.begin(), parts.end()), exact};
    }
    Plan negation(const Node& node) {
        const auto part = plan(node.children.front());
        if (!part.exact) return {Xapian::Query::MatchAll, false};
        return {Xapian::Query(Xapian::Query::OP_AND_NOT, Xapian::Query::MatchAll, part.query), true};
    }

    std::vector<std::string> expansions(const std::string& prefix) {
        constexpr std::size_t scanned_max = 50000;
        std::vector<std::pair<Xapian::doccount, std::string>> found;
        std::size_t scanned = 0;
        for (auto term = database_.allterms_begin(prefix); term != database_.allterms_end(prefix) && scanned < scanned_max; ++term, ++scanned) {
            const std::string text = *term;
            const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80; });
            if (plain) found.emplace_back(term.get_termfreq(), text);
        }
        if (found.size() > Reader::expansions_max) {
            notes_.push_back(prefix + "* begins too many words: the " + std::to_string(Reader::expansions_max) + " most frequent were looked for; write more letters");
            std::nth_element(found.begin(), found.begin() + Reader::expansions_max, found.end(), std::greater<>());
            found.resize(Reader::expansions_max);
        }
        std::vector<std::string> out;
        for (auto& [frequency, term] : found) out.push_back(std::move(term));
        return out;
    }

    const Xapian::Database& database_;
    std::vector<std::string>& notes_;
};

// The times that every match must lie in; `exact` is false if a time stands elsewhere than at the top.
struct Range {
    std::int64_t from = std::numeric_limits<std::int64_t>::min(), to = std::numeric_limits<std::int64_t>::max();
};

bool is_time_only_above(const Node& node, Range& range) {
    const auto narrow = [&](const Node& time) {
        range.from = std::max(range.from, static_cast<std::int64_t>(time.from.time_since_epoch().count()));
        range.to = std::min(range.to, static_cast<std::int64_t>(time.to.time_since_epoch().count()));
    };
    if (node.kind == Kind::time) return narrow(node), true;
    if (node.kind != Kind::all_of) return false;
    for (const auto& child : node.children) {
        if (child.kind == Kind::time) narrow(child);
    }
    return false;
}

// Whether runs of certain commands are asked for: then those that only look things up are meant, too.
bool asks_for_commands(const Node& node) {
    if (node.kind == Kind::none_of) return false;
    return (node.kind == Kind::field && node.field == Field::command) || std::any_of(node.children.begin(), node.children.end(), asks_for_commands);
}

// The tree without the times at its top: those are checked by Range.
Node without_top_times(const Node& node) {
    if (node.kind == Kind::time) return {};
    if (node.kind != Kind::all_of) return node;
    Node out = node;
    std::erase_if(out.children, [](const Node& child) { return child.kind == Kind::time; });
    if (out.children.empty()) return {};
    return out;
}

// Newer documents rank a little higher: up to `most` now, half of it after 180 days, and so on.
class Recency final : public Xapian::PostingSource {
public:
    Recency(const Columns& columns, service::Time now) : columns_(columns), now_us_(now.time_since_epoch().count()) { set_maxweight(most); }
    void init(const Xapian::Database& database) override {
        last_ = database.get_lastdocid();
        at_ = 0;
    }
    Xapian::doccount get_termfreq_min() const override { return last_; }
    Xapian::doccount get_termfreq_est() const override { return last_; }
    Xapian::doccount get_termfreq_max() const override { return last_; }
    double get_weight() const override {
        const double days = std::max(0.0, static_cast<double>(now_us_ - columns_[at_].time_us) / 86400e6);
        return most / (1.0 + days / 180.0);
    }
    Xapian::docid get_docid() const override { return at_; }
    bool at_end() const override { return at_ > last_; }
    void next(double) override { ++at_; }
    void skip_to(Xapian::docid to, double) override { at_ = std::max(at_, to); }
    std::string get_description() const override { return "Recency"; }

private:
    static constexpr double most = 2.0;
    const Columns& columns_;
    std::int64_t now_us_;
    Xapian::docid at_ = 0, last_ = 0;
};

struct Counts {
    std::unordered_map<std::uint32_t, std::uint64_t> room, author, command;
    std::uint64_t kind[3] = {}, outcome[256] = {};
};

class Decider final : public Xapian::MatchDecider {
public:
    struct Hit {
        std::int64_t time_us;
        std::uint32_t anchor;
        friend auto operator<=>(const Hit&, const Hit&) = default;
    };
    const Columns& columns;
    const archive::View& view;
    const Sight& sight;
    Range range;
    bus::Sequence before = 0;
    const Node* verify = nullptr;  // the whole query, where Xapian's answer is only a proposal
    bool keep_newest = false, count_facets = false, lookups = false;
    std::size_t keep = 0;
    std::chrono::steady_clock::time_point deadline;

    mutable std::uint64_t total = 0;
    mutable Counts counts;
    mutable std::priority_queue<Hit, std::vector<Hit>, std::greater<>> newest;  // the oldest kept on top
    mutable std::uint32_t steps = 0;

    Decider(const Columns& c, const archive::View& v, const Sight& s) : columns(c), view(v), sight(s) {}

    bool operator()(const Xapian::Document& document) const override { return check(document.get_docid()); }

    bool check(std::uint32_t number) const {
        if ((++steps & (verify != nullptr ? 15U : 1023U)) == 0 && std::chrono::steady_clock::now() > deadline) throw Late{};
        if (columns.state(number) != State::live) return false;
        const Column& column = columns[number];
        if (!lookups && columns.lookup(number)) return false;
        if (before != 0 && column.anchor >= before) return false;
        if (column.time_us < range.from || column.time_us >= range.to) return false;
        if (!sight.sees(column.room, static_cast<bus::Visibility>(column.visibility))) return false;
        if (verify != nullptr && !holds(column.anchor)) return false;
        ++total;
        if (count_facets) count(column);
        if (!keep_newest) return true;
        newest.push({column.time_us, column.anchor});
        if (newest.size() > keep) newest.pop();
        return false;  // nothing for Xapian to keep
    }

private:
    bool holds(std::uint32_t anchor) const {
        auto event = view.event(bus::Sequence{anchor});
        if (!event) return false;
        const auto document = document_of(view, std::move(*event));
        return document && matches(*verify, *document);
    }
    void count(const Column& column) const {
        ++counts.room[column.room];
        ++counts.author[column.author];
        if (column.command != 0) ++counts.command[column.command];
        if (column.kind < 3) ++counts.kind[column.kind];
        ++counts.outcome[column.outcome];
    }
};

std::vector<FacetCount> most_frequent(std::vector<FacetCount> all) {
    constexpr std::size_t values_max = 20;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count != b.count ? a.count > b.count : a.value < b.value; });
    if (all.size() > values_max) all.resize(values_max);
    return all;
}

Facets facets_of(const Counts& counts, const archive::View& view, const Names& names) {
    const auto named = [&](const auto& numbers, NameKind kind) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> best;
        for (const auto& [number, count] : numbers) best.emplace_back(count, number);
        std::sort(best.begin(), best.end(), std::greater<>());
        if (best.size() > 40) best.resize(40);
        std::vector<FacetCount> out;
        for (const auto& [count, number] : best) out.push_back({view.name(kind, number), count});
        return most_frequent(std::move(out));
    };
    Facets out{.platform = {}, .room = named(counts.room, NameKind::room), .person = named(counts.author, NameKind::author),
               .kind = {}, .command = named(counts.command, NameKind::command), .outcome = {}};
    std::map<std::string, std::uint64_t> platforms;
    for (const auto& [number, count] : counts.room) {
        const auto room = view.name(NameKind::room, number);
        platforms[names.platform_of(room.substr(0, room.find('/')))] += count;
    }
    for (const auto& [platform, count] : platforms) out.platform.push_back({platform, count});
    for (std::uint8_t kind = 0; kind < 3; ++kind) {
        if (counts.kind[kind] > 0) out.kind.push_back({std::string(name(static_cast<DocumentKind>(kind))), counts.kind[kind]});
    }
    for (std::size_t outcome = 0; outcome < no_outcome; ++outcome) {
        if (counts.outcome[outcome] > 0) out.outcome.push_back({std::string(outcome_name(static_cast<std::uint8_t>(outcome))), counts.outcome[outcome]});
    }
    for (auto* facet : {&out.platform, &out.kind, &out.outcome}) *facet = most_frequent(std::move(*facet));
    return out;
}

}  // namespace

struct Reader::State {
    const Index& index;
    const archive::Archive& archive;
    Names names;
    Xapian::Database database;
    bool opened = false;

    void reopen() {
        if (opened) database.reopen();
        else database = Xapian::Database(index.terms_folder().string());
        opened = true;
    }
    void run(const Request& request, const Node& node, const archive::View& view, Found& out);
    void newest(const Request& request, const Xapian::Query& query, Decider& decider, Found& out);
    void relevant(const Request& request, const Xapian::Query& query, Decider& decider, Found& out);
};

void Reader::State::newest(const Request& request, const Xapian::Query& query, Decider& decider, Found& out) {
    decider.keep_newest = true;
    decider.keep = request.offset + request.limit;
    Xapian::Enquire enquire(database);
    enquire.set_query(query);
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    enquire.get_mset(0, 1, database.get_doccount(), nullptr, &decider);
    std::vector<bus::Sequence> anchors;
    for (; !decider.newest.empty(); decider.newest.pop()) anchors.push_back(decider.newest.top().anchor);
    std::reverse(anchors.begin(), anchors.end());
    if (anchors.size() > request.offset) out.anchors.assign(anchors.begin() + static_cast<std::ptrdiff_t>(request.offset), anchors.end());
}

void Reader::State::relevant(const Request& request, const Xapian::Query& query, Decider& decider, Found& out) {
    Recency recency(index.columns(), request.now);
    Xapian::Enquire enquire(database);
    enquire.set_query(Xapian::Query(Xapian::Query::OP_AND_MAYBE, query, Xapian::Query(&recency)));
    enquire.set_weighting_scheme(Xapian::BM25Weight(0.5, 0, 1, 0, 0.5));  // b = 0: messages are short, lengths say nothing
    enquire.set_docid_order(Xapian::Enquire::DESCENDING);
    const auto found = enquire.get_mset(request.offset, request.limit, database.get_doccount(), nullptr, &decider);
    for (auto hit = found.begin(); hit != found.end(); ++hit) out.anchors.push_back(index.columns()[*hit].anchor);
}

void Reader::State::run(const Request& request, const Node& node, const archive::View& view, Found& out) {
    out = Found{};
    const Sight sight(view, request.viewer);
    Decider decider(index.columns(), view, sight);
    is_time_only_above(node, decider.range);
    const auto timeless = without_top_times(node);
    Planner planner(database, out.notes);
    const auto plan = planner.plan(timeless);
    if (!plan.exact) decider.verify = &timeless;
    decider.before = request.before;
    decider.count_facets = request.facets;
    decider.lookups = asks_for_commands(node);
    decider.deadline = std::chrono::steady_clock::now() + request.deadline;
    if (database.get_doccount() > 0 && request.order == Order::newest) newest(request, plan.query, decider, out);
    else if (database.get_doccount() > 0) relevant(request, plan.query, decider, out);
    out.total = decider.total;
    out.exact = out.notes.empty();
    if (request.facets) out.facets = facets_of(decider.counts, view, names);
}

Reader::Reader(const Index& index, const archive::Archive& archive, Names names)
    : state_(new State{.index = index, .archive = archive, .names = std::move(names), .database = {}, .opened = false}) {}
Reader::~Reader() = default;

service::Result<Found> Reader::search(const Request& request) {
    std::vector<std::string> hints;
    auto node = parse_query(request.query, request.now, &hints);
    if (!node) return service::fail(std::move(node.error()));
    if (request.limit > page_max || request.offset > offset_max) {
        return service::fail(Code::limit, "at most " + std::to_string(page_max) + " hits at once, from the first " + std::to_string(offset_max), "narrow the query down, by time for example");
    }
    resolve(*node, state_->names);
    Found out;
    const archive::View view(state_->archive);
    for (int attempt = 0;; ++attempt) {
        try {
            state_->reopen();
            state_->run(request, *node, view, out);
            out.notes.insert(out.notes.end(), hints.begin(), hints.end());
            out.query = std::move(*node);
            return out;
        } catch (const Late&) {
            return service::fail(Code::timeout, "the search took longer than " + service::for_people(request.deadline), "ask for rarer words, or for a shorter time as in last:7d");
        } catch (const Xapian::DatabaseModifiedError&) {  // The writer went on twice meanwhile.
            if (attempt == 3) return service::fail(Code::unavailable, "the index changed too often while searching", "ask again");
        } catch (const Xapian::Error& error) {
            return service::fail(Code::io, "the index cannot be read: " + error.get_msg(), "if it stays so, run parley reindex");
        }
    }
}

}  // namespace parley::search
