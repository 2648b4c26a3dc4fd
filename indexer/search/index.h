// The index: Xapian holds which documents have a term, Columns the rest. All of it can be rebuilt from the archive.
//
// One Index per folder and process holds the lock. A Writer on one thread, Readers on others, one thread each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/service/result.h"
#include "indexer/archive/view.h"
#include "indexer/search/columns.h"
#include "indexer/search/matcher.h"

namespace parley::search {

// The folder: "terms" (Xapian), "columns", "session" (says whether a power cut may have hurt them), "lock".
class Index {
public:
    // Code::conflict: another process has it. Damaged, old or missing: empty, to be filled from the archive again.
    static service::Result<std::unique_ptr<Index>> open(const std::filesystem::path& folder);
    ~Index();
    Index(const Index&) = delete;
    Index& operator=(const Index&) = delete;

    Columns& columns() { return *columns_; }
    const Columns& columns() const { return *columns_; }
    std::filesystem::path terms_folder() const { return folder_ / "terms"; }
    std::uint64_t used_bytes() const;

private:
    explicit Index(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
    std::unique_ptr<Columns> columns_;
    int lock_ = -1;
};

class Writer {
public:
    explicit Writer(Index& index);
    ~Writer();  // commits

    // The document that `event` makes or changes, as the archive has it now. Events must come in the journal's order.
    void take(const archive::View& view, const bus::Event& event);
    // Everything taken can be searched when this returns. Not synced: what a power cut takes is replayed.
    void commit();
    bool dirty() const;
    bus::Sequence committed() const;  // replay from after it
    std::uint64_t documents() const;

    static constexpr std::size_t documents_before_commit = 10000;  // more are committed by take()

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Who asks: sees rooms open to everyone, rooms that they are in, and what was said for members while they were in a room.
struct Viewer {
    bool operator_ = false;                // sees what members see, everywhere
    std::string account, id;               // their identity; may be empty
    std::vector<bus::RoomAddress> rooms;   // that they are in now
};

// The viewer's rights by room number, at one moment.
class Sight {
public:
    Sight(const archive::View& view, const Viewer& viewer);
    bool sees(std::uint32_t room, bus::Visibility visibility) const;
    bool sees(const archive::View& view, const bus::Event& event) const;

private:
    enum : std::uint8_t { member = 1, present = 2 };
    std::vector<std::uint8_t> rights_;
    bool operator_ = false;
};

enum class Order : std::uint8_t { newest, relevance };

struct Request {
    std::string query;
    Viewer viewer;
    std::size_t offset = 0, limit = 20;
    Order order = Order::newest;
    bool facets = false;
    bus::Sequence before = 0;              // only what began before it; 0: everything
    service::Time now{};
    std::chrono::milliseconds deadline{2000};
};

struct FacetCount {
    std::string value;
    std::uint64_t count = 0;
};
struct Facets {
    std::vector<FacetCount> platform, room, person, kind, command, outcome;  // the most frequent first, 20 at most
};

struct Found {
    std::vector<bus::Sequence> anchors;  // one page, in order
    std::uint64_t total = 0;
    bool exact = true;                   // false: more would match than were counted
    Facets facets;
    Node query;                          // for snippets
    std::vector<std::string> notes;      // what was left out, or may be meant otherwise: for people
};

class Reader {
public:
    explicit Reader(const Index& index, const archive::Archive& archive, Names names);
    ~Reader();

    // Code::invalid or limit: the query (see query_language.h). Code::timeout: it took longer than its deadline.
    service::Result<Found> search(const Request& request);

    static constexpr std::size_t expansions_max = 64;   // of a prefix: the most frequent words
    static constexpr std::size_t page_max = 100, offset_max = 10000;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Fills an empty index, or replays what it lacks. `progress` may be called with (done, all).
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;
void catch_up(Writer& writer, const archive::Archive& archive, const Progress& progress = {});
// Makes the terms small: for a freshly built index that nobody writes to.
void compact(Index& index);

}  // namespace parley::search
