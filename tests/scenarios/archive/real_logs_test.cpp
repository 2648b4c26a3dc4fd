// 153 days of a real channel, imported and searched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "indexer/search/index.h"
#include "tests/support/process.h"
#include "tools/parley/irc_log.h"

namespace parley::search {
namespace {

namespace fs = std::filesystem;

fs::path logs() {
    const char* given = std::getenv("PARLEY_UBUNTU_IRC");
    return given != nullptr ? fs::path(given) : fs::path(PARLEY_SOURCE_DIR) / "../shared/data/ubuntu-irc/logs.tar.xz";
}

bool required() {
    const char* all = std::getenv("PARLEY_REQUIRE_ALL");
    return all != nullptr && std::string(all) == "1";
}

struct Corpus {
    std::vector<bus::Event> events;
    std::size_t files = 0, messages = 0;
};

Corpus read(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().string().ends_with(".raw.txt")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    Corpus corpus;
    corpus.files = files.size();
    for (const auto& file : files) {
        auto events = cli::read_irc_log(file, {"old", "#ubuntu"});
        if (!events) throw std::runtime_error(events.error().text());
        for (auto& event : *events) {
            event.sequence = corpus.events.size() + 1;
            corpus.messages += std::holds_alternative<bus::Message>(event.body) ? 1 : 0;
            corpus.events.push_back(std::move(event));
        }
    }
    return corpus;
}

TEST(RealLogs, AreImportedWholeAndFoundAgain) {
    if (!fs::exists(logs())) {
        if (required()) FAIL() << "the logs are not at " << logs();
        GTEST_SKIP() << "the logs are not at " << logs() << "; set PARLEY_UBUNTU_IRC";
    }
    const tests::TempFolder temp("real_logs");
    ASSERT_EQ(tests::run({"tar", "xJf", logs().string(), "-C", temp.path().string()}).exit_code, 0);
    const auto corpus = read(temp.path());
    EXPECT_EQ(corpus.files, 153U);
    EXPECT_GT(corpus.messages, 190000U);

    archive::Archive archive(temp.path() / "archive");
    for (std::size_t at = 0; at < corpus.events.size(); at += 8192) {
        archive.append(std::span(corpus.events).subspan(at, std::min<std::size_t>(8192, corpus.events.size() - at)));
    }
    const auto index = std::move(Index::open(temp.path() / "index").value());
    Writer writer(*index);
    catch_up(writer, archive);
    EXPECT_EQ(writer.documents(), corpus.messages);

    Reader reader(*index, archive, {});
    const archive::View view(archive);
    const auto found = [&](std::string query) {
        Request request;
        request.query = std::move(query);
        request.now = service::SystemClock().now();
        request.facets = true;
        request.deadline = std::chrono::seconds(20);
        auto out = reader.search(request);
        if (!out) throw std::runtime_error(out.error().text());
        return std::move(*out);
    };
    // The oracle: a plain walk over the text of every message.
    const auto containing = [&](std::string_view words) {
        return std::count_if(corpus.events.begin(), corpus.events.end(), [&](const bus::Event& event) {
            const auto* message = std::get_if<bus::Message>(&event.body);
            return message != nullptr && message->text.plain.find(words) != std::string::npos;
        });
    };
    EXPECT_EQ(found("").total, corpus.messages);
    EXPECT_EQ(found("\"wvdialconf\"").total, static_cast<std::uint64_t>(containing("wvdialconf")));
    EXPECT_GE(found("\"permission denied\"").total, static_cast<std::uint64_t>(containing("permission denied")));
    EXPECT_GT(found("/etc/X11/xorg.conf").total, 100U);
    EXPECT_GT(found("from:ubotu").total, 1000U);
    EXPECT_EQ(found("xorg before:2004-01-01").total, 0U);
    const auto day = found("on:2007-01-19");
    EXPECT_GT(day.total, 0U);
    for (const auto anchor : day.anchors) EXPECT_EQ(service::iso8601(view.event(anchor)->time).substr(0, 10), "2007-01-19");
    std::uint64_t people = 0;
    for (const auto& person : found("ubuntu").facets.person) people += person.count;
    EXPECT_GT(people, 0U);
    // Every hit of a page is really one.
    for (const auto* query : {"nvidia driver", "\"sound card\"", "wire* -wireless", "grub OR lilo"}) {
        const auto page = found(query);
        EXPECT_GT(page.total, 0U) << query;
        for (const auto anchor : page.anchors) EXPECT_TRUE(matches(page.query, *document_of(view, *view.event(anchor)))) << query;
    }
}

}  // namespace
}  // namespace parley::search
