// Imports real IRC logs into an archive and an index, and times ten kinds of query. Beside it the least that such work
// can cost: reading the files, appending the same lines to LMDB, and looking through all of the text for a word.
#include <fmt/format.h>
#include <lmdb.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "indexer/search/index.h"
#include "tests/support/process.h"
#include "tools/measure/figures.h"
#include "tools/measure/processes.h"
#include "tools/parley/irc_log.h"

namespace fs = std::filesystem;
using namespace parley;
using measure::Json;
using measure::Steady;

namespace {

constexpr std::size_t batch = 8192;  // as the indexer does it when it is far behind

double since(Steady::time_point begin) { return measure::seconds(Steady::now() - begin); }

std::vector<fs::path> logs_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().string().ends_with(".raw.txt")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) throw std::runtime_error("no *.raw.txt in " + folder.string());
    return files;
}

std::vector<bus::Event> parse(const std::vector<fs::path>& files) {
    std::vector<bus::Event> events;
    for (const auto& file : files) {
        auto log = cli::read_irc_log(file, {"old", "#ubuntu"});
        if (!log) throw std::runtime_error(log.error().text());
        events.insert(events.end(), std::make_move_iterator(log->begin()), std::make_move_iterator(log->end()));
    }
    bus::Sequence sequence = 0;
    for (auto& event : events) event.sequence = ++sequence;
    return events;
}

void must(int code, const char* what) {
    if (code != 0) throw std::runtime_error(fmt::format("{}: {}", what, mdb_strerror(code)));
}

// The lines as they are, one record each, synced once at the end as the archive is.
void append_raw(const fs::path& folder, std::string_view text) {
    fs::create_directories(folder);
    MDB_env* env = nullptr;
    must(mdb_env_create(&env), "LMDB");
    must(mdb_env_set_mapsize(env, std::size_t{1} << 32), "LMDB");
    must(mdb_env_open(env, folder.c_str(), MDB_NOSYNC, 0600), "LMDB");
    MDB_txn* txn = nullptr;
    MDB_dbi table = 0;
    for (std::uint64_t number = 0; !text.empty(); ++number) {
        if (number % batch == 0) {
            if (txn != nullptr) must(mdb_txn_commit(txn), "commit");
            must(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
            must(mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &table), "open");
        }
        const auto line = text.substr(0, text.find('\n'));
        MDB_val key{sizeof number, &number}, value{line.size(), const_cast<char*>(line.data())};
        must(mdb_put(txn, table, &key, &value, MDB_APPEND), "append");
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    if (txn != nullptr) must(mdb_txn_commit(txn), "commit");
    must(mdb_env_sync(env, 1), "sync");
    mdb_env_close(env);
}

Json floor_of(const std::vector<fs::path>& files, const fs::path& folder) {
    std::string all;
    auto begin = Steady::now();
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    const double read = since(begin);
    begin = Steady::now();
    append_raw(folder, all);
    const double appended = since(begin);
    std::vector<double> scans;
    for (int i = 0; i < 20; ++i) {
        begin = Steady::now();
        const bool found = ::memmem(all.data(), all.size(), "no-line-holds-this", 18) != nullptr;
        scans.push_back(measure::microseconds(Steady::now() - begin));
        if (found) throw std::runtime_error("a line holds what no line holds");
    }
    return Json().add("bytes", static_cast<double>(all.size())).add("read_s", read).add("append_s", appended).add("scan", measure::latency(scans));
}

struct Kind {
    const char* name;
    std::vector<const char*> queries;
    search::Order order = search::Order::newest;
    bool facets = false;
};

const std::vector<Kind> kinds{
    {"rare word", {"segfault", "kernel-panic", "wvdial", "alsamixer", "postgresql"}},
    {"middling word", {"nvidia", "firewall", "partition", "printer", "gparted"}},
    {"common word, newest", {"ubuntu", "install", "the", "can", "it"}},
    {"common word, relevance", {"ubuntu", "install", "the", "can", "it"}, search::Order::relevance},
    {"two common words", {"ubuntu install", "how do", "the file", "can you", "not work"}},
    {"one OR another", {"gnome OR kde", "apt OR dpkg", "wifi OR wireless", "the OR a", "grub OR lilo"}},
    {"phrase", {"\"no such file\"", "\"how do i\"", "\"apt-get install\"", "\"permission denied\"", "\"sound card\""}},
    {"prefix", {"inst*", "conf*", "ubun*", "wire*", "grap*"}},
    {"word, person and dates", {"install from:ubotu", "grub after:2007-01-01 before:2007-02-01", "from:ubotu on:2009-02-23", "the in:#ubuntu before:2005-01-01", "nvidia -driver after:2010-01-01"}},
    {"common word, six facets", {"ubuntu", "install", "the", "can", "it"}, search::Order::newest, true},
};

Json time_queries(search::Reader& reader, const Kind& kind, int rounds) {
    std::vector<double> times;
    std::uint64_t hits = 0;
    for (int round = 0; round < rounds; ++round) {
        for (const auto* query : kind.queries) {
            search::Request request{.query = query, .viewer = {}, .order = kind.order, .facets = kind.facets, .now = service::SystemClock().now()};
            request.deadline = std::chrono::seconds(30);
            const auto begin = Steady::now();
            const auto found = reader.search(request);
            times.push_back(measure::microseconds(Steady::now() - begin));
            if (!found) throw std::runtime_error(fmt::format("{}: {}", query, found.error().text()));
            if (round == 0) hits += found->total;
        }
    }
    return measure::latency(times).add("kind", kind.name).add("hits", static_cast<double>(hits) / static_cast<double>(kind.queries.size()));
}

Json measure_all(const fs::path& logs, int rounds) {
    const tests::TempFolder temp("parley-logs");
    const auto files = logs_in(logs);
    const auto floor = floor_of(files, temp.path() / "raw");
    auto begin = Steady::now();
    const auto events = parse(files);
    const double parsed = since(begin);
    std::size_t messages = 0, text = 0;
    for (const auto& event : events) {
        const auto* message = std::get_if<bus::Message>(&event.body);
        if (message == nullptr) continue;
        ++messages;
        text += message->text.plain.size();
    }
    archive::Archive archive(temp.path() / "archive");
    begin = Steady::now();
    for (std::size_t at = 0; at < events.size(); at += batch) archive.append(std::span(events).subspan(at, std::min(batch, events.size() - at)));
    archive.sync();
    const double archived = since(begin);
    const auto index = std::move(search::Index::open(temp.path() / "index").value());
    begin = Steady::now();
    {
        search::Writer writer(*index);
        search::catch_up(writer, archive);
    }
    const double indexed = since(begin);
    const auto index_bytes = index->used_bytes();
    begin = Steady::now();
    search::compact(*index);
    const double compacted = since(begin);
    search::Reader reader(*index, archive, {});
    std::vector<Json> queries;
    for (const auto& kind : kinds) queries.push_back(time_queries(reader, kind, rounds));
    const auto number = [](auto value) { return static_cast<double>(value); };
    return Json().add("files", number(files.size())).add("events", number(events.size())).add("messages", number(messages)).add("text_bytes", number(text))
        .add("floor", floor).add("parse_s", parsed)
        .add("archive_s", archived).add("archive_bytes", number(archive.used_bytes()))
        .add("index_s", indexed).add("index_bytes", number(index_bytes))
        .add("compact_s", compacted).add("compacted_bytes", number(index->used_bytes()))
        .add("queries", queries).add("load_average", measure::load_average());
}

}  // namespace

int main(int argc, char** argv) {
    measure::Options options(argc, argv, "usage: measure_logs --folder FOLDER-OF-LOGS [--rounds 40]");
    const auto folder = options.text("folder", ".");
    const int rounds = static_cast<int>(options.number("rounds", 40));
    options.finish();
    try {
        fmt::print("{}\n", measure_all(folder, rounds).text());
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_logs: {}\n", error.what());
        return 1;
    }
    return 0;
}
