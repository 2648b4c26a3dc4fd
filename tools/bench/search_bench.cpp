// Imports real IRC logs into an archive and an index, and times ten kinds of query:  bench_search FOLDER-OF-LOGS
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "indexer/search/index.h"
#include "tools/parley/irc_log.h"

namespace fs = std::filesystem;
using namespace parley;
using Seconds = std::chrono::duration<double>;

namespace {

double since(std::chrono::steady_clock::time_point begin) { return Seconds(std::chrono::steady_clock::now() - begin).count(); }

std::vector<bus::Event> read_logs(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().string().ends_with(".raw.txt")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<bus::Event> events;
    for (const auto& file : files) {
        auto log = cli::read_irc_log(file, {"old", "#ubuntu"});
        if (!log) {
            fmt::print(stderr, "{}\n", log.error().text());
            std::exit(1);
        }
        events.insert(events.end(), std::make_move_iterator(log->begin()), std::make_move_iterator(log->end()));
    }
    bus::Sequence sequence = 0;
    for (auto& event : events) event.sequence = ++sequence;
    return events;
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

void time_queries(search::Reader& reader, const Kind& kind) {
    constexpr int rounds = 40;
    std::vector<double> times;
    std::uint64_t hits = 0;
    for (int round = 0; round < rounds; ++round) {
        for (const auto* query : kind.queries) {
            search::Request request{.query = query, .viewer = {}, .order = kind.order, .facets = kind.facets, .now = service::SystemClock().now()};
            request.deadline = std::chrono::seconds(30);
            const auto begin = std::chrono::steady_clock::now();
            const auto found = reader.search(request);
            times.push_back(since(begin) * 1e3);
            if (!found) fmt::print("{}: {}\n", query, found.error().text());
            else if (round == 0) hits += found->total;
        }
    }
    std::sort(times.begin(), times.end());
    fmt::print("{:<28} p50 {:7.2f} ms   p99 {:7.2f} ms   {:8.0f} hits on average\n", kind.name, times[times.size() / 2],
               times[times.size() * 99 / 100], static_cast<double>(hits) / static_cast<double>(kind.queries.size()));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return fmt::print(stderr, "usage: bench_search FOLDER-OF-LOGS\n"), 2;
    auto events = read_logs(argv[1]);
    const auto messages = std::count_if(events.begin(), events.end(), [](const auto& event) { return std::holds_alternative<bus::Message>(event.body); });
    std::size_t text = 0;
    for (const auto& event : events) {
        if (const auto* message = std::get_if<bus::Message>(&event.body)) text += message->text.plain.size();
    }
    auto pattern = (fs::temp_directory_path() / "bench_search_XXXXXX").string();
    const fs::path folder = mkdtemp(pattern.data());
    {
        archive::Archive archive(folder / "archive");
        auto begin = std::chrono::steady_clock::now();
        for (std::size_t at = 0; at < events.size(); at += 8192) archive.append(std::span(events).subspan(at, std::min<std::size_t>(8192, events.size() - at)));
        archive.sync();
        const double archived = since(begin);
        auto index = std::move(search::Index::open(folder / "index").value());
        begin = std::chrono::steady_clock::now();
        {
            search::Writer writer(*index);
            search::catch_up(writer, archive);
        }
        const double indexed = since(begin);
        const auto per = [&](std::uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(messages); };
        fmt::print("{} events, {} messages of {:.0f} bytes of text\n", events.size(), messages, per(text));
        fmt::print("archive   {:6.2f} s   {:8.0f} events/s     {:5.0f} bytes per message\n", archived, static_cast<double>(events.size()) / archived, per(archive.used_bytes()));
        fmt::print("index     {:6.2f} s   {:8.0f} messages/s   {:5.0f} bytes per message\n", indexed, static_cast<double>(messages) / indexed, per(index->used_bytes()));
        begin = std::chrono::steady_clock::now();
        search::compact(*index);
        fmt::print("compacted {:6.2f} s                           {:5.0f} bytes per message\n", since(begin), per(index->used_bytes()));
        search::Reader reader(*index, archive, {});
        for (const auto& kind : kinds) time_queries(reader, kind);
    }
    fs::remove_all(folder);
    return 0;
}
