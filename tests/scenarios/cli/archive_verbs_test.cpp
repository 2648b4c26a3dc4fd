// The verbs about what is kept: import, export, reindex.
#include <nlohmann/json.hpp>
#include <set>

#include "tests/scenarios/cli/cli.h"
#include "tests/support/slowdown.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string real_log = PARLEY_SOURCE_DIR "/tools/sample/2005-02-08.train-a.raw.txt";

class Kept : public testing::Test {
protected:
    void SetUp() override {
        for (const auto* name : {"broker", "indexer"}) house.start(name);
        ASSERT_TRUE(wait_until([&] { return verb({"status"}).out.find("rebuilding: false") != std::string::npos; }, 30s)) << house.logs();
    }
    Said verb(std::vector<std::string> words) const {
        words.insert(words.end(), {"--settings", house.settings_file().string()});
        return parley(std::move(words), 60s);
    }
    json status() const { return json::parse(verb({"status", "--json"}).out); }
    // Until everything in the journal can be found.
    void settle() {
        ASSERT_TRUE(wait_until([&] {
            const auto now = status();
            return now["archive"].is_object() && now["archive"]["searchable"] == now["broker"]["sequence"];
        }, 30s * slowdown)) << house.logs();
    }
    std::vector<json> exported(std::vector<std::string> more = {}) const {
        more.insert(more.begin(), "export");
        const auto said = verb(more);
        EXPECT_EQ(said.code, good) << said.err;
        EXPECT_THAT(said.err, HasSubstr(fmt::format("{} events", said.lines().size())));
        std::vector<json> out;
        for (const auto& line : said.lines()) out.push_back(json::parse(line));
        return out;
    }
    // All hits, without what differs from one answer to the next.
    json hits(const std::string& query) const {
        auto answer = json::parse(verb({"search", "--json", "--limit", "100", query}).out);
        answer.erase("took_us");
        return answer;
    }

    House house{"[account.libera]\nplatform = \"irc\"\nserver = \"127.0.0.1\"\nnick = \"p\"\n[account.web]\nplatform = \"web\"\n"
                "[room.\"libera/#board\"]\nvisibility = \"closed\"\n"};
};

TEST_F(Kept, ImportShowsItsProgressAndDoneTwiceChangesNothing) {
    const auto first = verb({"import", "irc-log", "--room", "libera/#ubuntu", real_log});
    ASSERT_EQ(first.code, good) << first.err;
    settle();
    const auto count = status()["archive"]["events"].get<int>();
    EXPECT_GT(count, 1000);
    EXPECT_THAT(first.err, HasSubstr(fmt::format("{0} of {0} events", count)));
    const auto again = verb({"import", "irc-log", "--room", "libera/#ubuntu", real_log});
    ASSERT_EQ(again.code, good) << again.err;
    settle();
    EXPECT_EQ(status()["archive"]["events"], count);
}

TEST_F(Kept, ImportKeepsAClosedRoomClosed) {
    const TempFolder folder;
    const auto log = folder.write("2026-11-20.txt", "[10:00] <ann> the merger is off\n").string();
    ASSERT_EQ(verb({"import", "irc-log", "--room", "libera/#board", log}).code, good);
    settle();
    const auto events = exported();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["visibility"], "closed");
}

TEST_F(Kept, ImportSaysWhatIsWrongWithAFile) {
    const TempFolder folder;
    for (const auto& [name, text, what] : {std::tuple{"today.txt", "[10:00] <ann> x\n", "no date"}, {"2026-11-20.txt", "nothing of the kind\n", "nothing in these files"}}) {
        const auto said = verb({"import", "irc-log", "--room", "libera/#ops", folder.write(name, text).string()});
        EXPECT_EQ(said.code, usage);
        EXPECT_THAT(said.err, HasSubstr(what));
    }
    const auto said = verb({"import", "irc-log", "--room", "libera/#ops", (folder.path() / "2026-11-21.txt").string()});
    EXPECT_EQ(said.code, failed);
    EXPECT_THAT(said.err, HasSubstr("2026-11-21.txt"));
}

TEST_F(Kept, ExportHasEveryEventOnceInOrder) {
    ASSERT_EQ(verb({"import", "irc-log", "--room", "libera/#ubuntu", real_log}).code, good);
    settle();
    const auto events = exported();
    ASSERT_EQ(events.size(), status()["archive"]["events"].get<std::size_t>());
    std::set<std::string> ids;
    std::int64_t last = 0;
    for (const auto& event : events) {
        EXPECT_TRUE(ids.insert(event["id"].get<std::string>()).second) << event.dump();
        EXPECT_GT(event["sequence"].get<std::int64_t>(), last);
        last = event["sequence"].get<std::int64_t>();
        EXPECT_FALSE(event["kind"].get<std::string>().empty());
    }
    const auto middle = events.size() / 2;
    const auto rest = exported({"--after", std::to_string(events[middle]["sequence"].get<std::int64_t>())});
    ASSERT_EQ(rest.size(), events.size() - middle - 1);
    EXPECT_EQ(rest[0], events[middle + 1]);
}

// An answer of the archive holds seven mebibytes at most.
TEST_F(Kept, ExportAlsoPrintsWhatIsTooLargeForOneAnswer) {
    const std::string large(100'000, 'x');
    for (int i = 0; i < 100; ++i) ASSERT_EQ(verb({"send", "web/lobby", std::to_string(i) + large}).code, good) << i;
    settle();
    const auto events = exported();
    ASSERT_EQ(events.size(), 100U);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(events[static_cast<std::size_t>(i)]["text"].get<std::string>().size(), large.size() + std::to_string(i).size());
}

TEST_F(Kept, ReindexGivesTheSameHitsFromTheArchiveAlone) {
    ASSERT_EQ(verb({"import", "irc-log", "--room", "libera/#ubuntu", real_log}).code, good);
    settle();
    const auto before = hits("ubuntu");
    ASSERT_GT(before["total"].get<int>(), 20);

    const auto busy = verb({"reindex"});
    EXPECT_EQ(busy.code, failed);
    EXPECT_THAT(busy.err, AllOf(HasSubstr("another process has the index"), HasSubstr("stop parley-indexer first"), HasSubstr("the old index is still in place")));

    house.kill("indexer");
    std::filesystem::remove_all(house.folder() / "data/index");
    const auto said = verb({"reindex"});
    ASSERT_EQ(said.code, good) << said.err;
    EXPECT_THAT(said.out, HasSubstr(" documents"));
    EXPECT_FALSE(std::filesystem::exists(house.folder() / "data/index.new"));
    house.start("indexer");
    settle();
    EXPECT_EQ(hits("ubuntu"), before);
    EXPECT_EQ(house.log("indexer").find("damaged"), std::string::npos) << "what was built is taken as it is";
}

}  // namespace
}  // namespace parley::tests
