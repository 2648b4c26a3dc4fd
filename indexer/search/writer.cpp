// Documents into the index. No positions (phrases are checked against the archive's text) and no term lists: half the
// size and twice the speed. The price: a document is never changed in Xapian. A new version is a new document, numbered
// by the event that made it; the old one is dead in the columns, which every search reads.
#include <stdexcept>
#include <unordered_map>
#include <xapian.h>

#include "indexer/search/index.h"

namespace parley::search {
namespace {

// Xapian's errors are no std::exception, and nobody above knows Xapian.
template <class Work>
auto translated(Work work) {
    try {
        return work();
    } catch (const Xapian::Error& error) {
        throw std::runtime_error("the index: " + error.get_description());
    }
}

}  // namespace

struct Writer::State {
    explicit State(Index& i)
        : index(i), database(i.terms_folder().string(), Xapian::DB_CREATE_OR_OPEN | Xapian::DB_NO_SYNC | Xapian::DB_NO_TERMLIST | Xapian::DB_BACKEND_GLASS) {
        const auto saved = database.get_metadata("last_sequence");
        committed = taken = saved.empty() ? 0 : std::stoull(saved);
        last = database.get_lastdocid();
    }
    Column column_of(const archive::View& view, const Document& document);
    std::uint32_t number_of(const archive::View& view, archive::NameKind kind, const std::string& name);
    void mark_asking(const archive::View& view, const bus::CommandRequested& request);

    Index& index;
    Xapian::WritableDatabase database;
    bus::Sequence committed = 0, taken = 0;
    std::uint32_t last = 0;  // documents up to it are in Xapian: a replay leaves them as they are
    std::size_t pending = 0;
    bool changed = false;
    std::unordered_map<std::string, std::uint32_t> numbers;  // kind and name; those that were met last
};

// 0 where the archive has none. A number that was given stays.
std::uint32_t Writer::State::number_of(const archive::View& view, archive::NameKind kind, const std::string& name) {
    constexpr std::size_t numbers_max = 10'000;
    auto known_as = static_cast<char>(kind) + name;
    if (const auto known = numbers.find(known_as); known != numbers.end()) return known->second;
    const auto number = view.number(kind, name);
    if (!number) return 0;
    if (numbers.size() >= numbers_max) numbers.clear();
    return numbers[std::move(known_as)] = *number;
}

Column Writer::State::column_of(const archive::View& view, const Document& document) {
    const auto& anchor = document.anchor;
    Column column{};
    column.time_us = anchor.time.time_since_epoch().count();
    column.anchor = static_cast<std::uint32_t>(anchor.sequence);
    column.room = number_of(view, archive::NameKind::room, anchor.origin.room.text());
    column.author = number_of(view, archive::NameKind::author, anchor.author.name);
    if (!document.command.empty()) column.command = static_cast<std::uint16_t>(number_of(view, archive::NameKind::command, document.command));
    column.kind = static_cast<std::uint8_t>(document.kind);
    column.outcome = document.outcome;
    column.visibility = static_cast<std::uint8_t>(anchor.origin.visibility);
    column.state = search::State::live;
    return column;
}

// The message came before its command, and was taken for talk.
void Writer::State::mark_asking(const archive::View& view, const bus::CommandRequested& request) {
    const auto message = view.event(request.asked_by.event);
    if (!message) return;
    const auto number = static_cast<std::uint32_t>(message->sequence);
    auto& columns = index.columns();
    columns.set_lookup(number);
    if (const auto latest = columns[number].latest; latest != 0) columns.set_lookup(latest);
}

Writer::Writer(Index& index) : state_(translated([&] { return std::make_unique<State>(index); })) {}

Writer::~Writer() {
    try {
        commit();
    } catch (const std::exception&) {  // The replay at the next start brings it again.
    }
}

void Writer::take(const archive::View& view, const bus::Event& event) {
    auto& state = *state_;
    state.taken = event.sequence;
    auto anchor = anchor_of(view, event);
    if (!anchor) return;
    const auto first = static_cast<std::uint32_t>(anchor->sequence), number = static_cast<std::uint32_t>(event.sequence);
    if (first > number) return;  // An edit that came before its message; the message's own turn comes.
    auto& columns = state.index.columns();
    if (first != number) {
        const auto latest = columns[first].latest;
        columns.kill(first);
        if (latest != 0 && latest != number) columns.kill(latest);
    }
    state.changed = true;
    const auto document = document_of(view, std::move(*anchor));
    if (!document) {
        columns.kill(number);
        return;
    }
    auto column = state.column_of(view, *document);
    const auto* request = std::get_if<bus::CommandRequested>(&event.body);
    const bool lookup = request != nullptr && is_lookup(*request);
    column.lookup = first != number ? columns[first].lookup : static_cast<std::uint16_t>(lookup);
    columns.put(number, column);
    if (lookup) state.mark_asking(view, *request);
    if (first != number) columns.set_latest(first, number);
    if (number <= state.last) return;
    Xapian::Document terms;
    for (const auto& term : index_terms(*document)) terms.add_term(term);
    translated([&] { state.database.replace_document(number, terms); });
    state.last = number;
    if (++state.pending >= documents_before_commit) commit();
}

void Writer::commit() {
    auto& state = *state_;
    if (state.taken == state.committed) return;
    translated([&] {
        state.database.set_metadata("last_sequence", std::to_string(state.taken));
        state.database.commit();
    });
    state.committed = state.taken;
    state.pending = 0;
    state.changed = false;
}

bool Writer::dirty() const { return state_->changed; }
bus::Sequence Writer::committed() const { return state_->committed; }
std::uint64_t Writer::documents() const { return state_->database.get_doccount(); }

}  // namespace parley::search
