// The index against the archive: what is found, by whom, and that it says the same as the plain reading.
#include "indexer/search/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

namespace parley::search {
namespace {

using bus::Visibility;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const service::Time noon = *service::parse_iso8601("2026-11-23T12:00:00Z");

class IndexTest : public testing::Test {
protected:
    IndexTest() : folder_(make_folder()), archive_(folder_ / "archive", std::uint64_t{1} << 28), index_(open()), writer_(std::make_unique<Writer>(*index_)) {
        names_.platforms = {{"lobby", "irc"}, {"work", "xmpp"}};
        names_.gateways = {{"ops", {"lobby/#ops", "work/ops@rooms"}}};
        reader_ = std::make_unique<Reader>(*index_, archive_, names_);
    }
    ~IndexTest() override {
        reader_.reset();
        writer_.reset();
        index_.reset();
        std::filesystem::remove_all(folder_);
    }

    static std::filesystem::path make_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "index_XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    std::unique_ptr<Index> open() { return std::move(Index::open(folder_ / "index").value()); }

    bus::Event happened(bus::Body body, bus::RoomAddress room = {"lobby", "#ops"}, std::string who = "alice", Visibility visibility = Visibility::everyone) {
        bus::Event event;
        event.sequence = archive_.last_sequence() + 1;
        const auto native = std::to_string(event.sequence);
        event.id = bus::derived_id({room.account, room.room, native});
        event.origin = {room, native, visibility};
        event.author.id = event.author.name = std::move(who);
        event.time = noon + std::chrono::minutes(event.sequence);
        event.body = std::move(body);
        archive_.append(std::vector{event});
        writer_->take(archive::View(archive_), event);
        return event;
    }
    bus::Event said(std::string text, bus::RoomAddress room = {"lobby", "#ops"}, std::string who = "alice", Visibility visibility = Visibility::everyone) {
        bus::Message message;
        message.text = std::move(text);
        return happened(std::move(message), std::move(room), std::move(who), visibility);
    }
    bus::Event ran(const std::string& command, const std::string& output, bus::Outcome outcome) {
        bus::CommandRequested request;
        request.command = command;
        request.raw = "!" + command;
        auto requested = happened(std::move(request));
        bus::RunOutput written;
        written.run = requested.id;
        written.data = output;
        happened(std::move(written));
        bus::RunFinished finished;
        finished.run = requested.id;
        finished.outcome = outcome;
        happened(std::move(finished));
        return requested;
    }
    Request request(std::string query, Viewer viewer = {}) {
        Request out;
        out.query = std::move(query);
        out.viewer = std::move(viewer);
        out.now = noon + std::chrono::hours(24);
        return out;
    }
    Found found(Request request) {
        writer_->commit();
        auto out = reader_->search(request);
        if (!out) throw std::runtime_error(out.error().text());
        return std::move(*out);
    }
    std::vector<std::string> texts(Request request) {
        std::vector<std::string> out;
        const archive::View view(archive_);
        for (const auto anchor : found(std::move(request)).anchors) out.push_back(document_of(view, *view.event(anchor))->text);
        return out;
    }
    std::vector<std::string> texts(std::string query) { return texts(request(std::move(query))); }

    std::filesystem::path folder_;
    archive::Archive archive_;
    std::unique_ptr<Index> index_;
    std::unique_ptr<Writer> writer_;
    Names names_;
    std::unique_ptr<Reader> reader_;
};

TEST_F(IndexTest, FindsWordsInAnyFormNewestFirst) {
    said("the disk is full");
    said("two disks failed");
    said("nothing here");
    EXPECT_THAT(texts("disk"), ElementsAre("two disks failed", "the disk is full"));
    EXPECT_THAT(texts("disks"), SizeIs(2));
    EXPECT_THAT(texts("\"disks\""), ElementsAre("two disks failed"));
    EXPECT_THAT(texts("disk -failed"), ElementsAre("the disk is full"));
    EXPECT_THAT(texts("nothing OR full"), SizeIs(2));
    EXPECT_THAT(texts("fai*"), ElementsAre("two disks failed"));
}

// Who looked for something would find themselves looking for it, and the older hits in the answer.
TEST_F(IndexTest, FindsNoCallsOfSearchUnlessTheyAreAskedFor) {
    said("the disk is full");
    const auto look_up = [&](const std::string& name, bus::Action::Kind kind) {
        const auto asking = said("!" + name + " disk");
        bus::CommandRequested request;
        request.command = name;
        request.raw = "!" + name + " disk";
        request.action.kind = kind;
        request.asked_by.event = asking.id;
        const auto requested = happened(std::move(request));
        bus::RunOutput output;
        output.run = requested.id;
        output.data = "the disk is full";
        happened(std::move(output));
        bus::RunFinished finished;
        finished.run = requested.id;
        happened(std::move(finished));
        return asking;
    };
    const auto asking = look_up("search", bus::Action::Kind::builtin);
    look_up("show", bus::Action::Kind::builtin);
    bus::Edit edit;
    edit.target.event = asking.id;
    edit.text = "!search disk, please";
    happened(std::move(edit));
    for (int pass = 0; pass < 2; ++pass) {
        EXPECT_THAT(texts("disk"), ElementsAre("the disk is full"));
        EXPECT_THAT(texts("disk -command:deploy"), ElementsAre("the disk is full"));
        EXPECT_THAT(texts("please"), IsEmpty());
        EXPECT_THAT(texts("command:search disk"), ElementsAre("!search disk\nthe disk is full"));
        EXPECT_THAT(texts("disk (command:search OR command:show)"), SizeIs(2));
        auto counted = request("disk");
        counted.facets = true;
        EXPECT_EQ(found(counted).total, 1U);
        EXPECT_THAT(found(counted).facets.command, IsEmpty());
        reader_.reset();  // and after a restart
        writer_.reset();
        index_.reset();
        index_ = open();
        writer_ = std::make_unique<Writer>(*index_);
        catch_up(*writer_, archive_);
        reader_ = std::make_unique<Reader>(*index_, archive_, names_);
    }
    look_up("lookup", bus::Action::Kind::exec);
    EXPECT_THAT(texts("disk"), SizeIs(3)) << "a declared command is one that does something";
}

TEST_F(IndexTest, SaysOfAnUnknownFieldThatItIsText) {
    said("bogus:x marks the spot");
    const auto answer = found(request("bogus:x"));
    EXPECT_EQ(answer.total, 1U);
    EXPECT_TRUE(answer.exact);
    EXPECT_THAT(answer.notes, ElementsAre(HasSubstr("there is no field bogus:")));
}

TEST_F(IndexTest, FindsPhrasesOnlyInTheirOrder) {
    said("no space left on device");
    said("left no space");
    EXPECT_THAT(texts("\"no space left\""), ElementsAre("no space left on device"));
    EXPECT_THAT(texts("space -\"no space left\""), ElementsAre("left no space"));
}

TEST_F(IndexTest, FindsWhatOperationsTalkAbout) {
    said("see /usr/lib/libfoo.so at 10.0.0.1:8080");
    EXPECT_THAT(texts("10.0.0.1"), SizeIs(1));
    EXPECT_THAT(texts("lib/libfoo.so"), SizeIs(1));
    EXPECT_THAT(texts("lib/libbar.so"), IsEmpty());
    EXPECT_THAT(texts("libfoo"), SizeIs(1));
}

TEST_F(IndexTest, FiltersByPersonRoomGatewayPlatformAndTime) {
    said("one", {"lobby", "#ops"}, "Alice");
    said("one", {"work", "ops@rooms"}, "bob");
    said("one", {"lobby", "#dev"}, "carol");
    EXPECT_THAT(texts("one from:alice"), SizeIs(1));
    EXPECT_THAT(texts("in:#ops"), SizeIs(1));
    EXPECT_THAT(texts("in:ops"), SizeIs(2));
    EXPECT_THAT(texts("in:lobby/#dev"), SizeIs(1));
    EXPECT_THAT(texts("platform:irc"), SizeIs(2));
    EXPECT_THAT(texts("one after:2026-11-23T12:02 before:2026-11-23T12:03"), SizeIs(1));
    EXPECT_THAT(texts("one on:2026-11-24"), IsEmpty());
    EXPECT_THAT(texts("from:alice OR after:2026-11-23T12:03"), SizeIs(2));
}

TEST_F(IndexTest, FindsARunByCommandOutputAndOutcome) {
    ran("deploy", "error: host web3 unreachable", bus::Outcome::failed);
    ran("uptime", "up 3 days", bus::Outcome::succeeded);
    EXPECT_THAT(texts("command:deploy outcome:failed unreachable"), SizeIs(1));
    EXPECT_THAT(texts("kind:run"), SizeIs(2));
    EXPECT_THAT(texts("outcome:running"), IsEmpty());
}

TEST_F(IndexTest, FollowsEditsAndForgetsWhatWasRedacted) {
    const auto first = said("teh sever is down"), second = said("my password is hunter2");
    bus::Edit edit;
    edit.target.event = first.id;
    edit.text = "the server is down";
    happened(std::move(edit));
    bus::Redaction redaction;
    redaction.target.event = second.id;
    happened(std::move(redaction));
    EXPECT_THAT(texts("teh"), IsEmpty());
    EXPECT_THAT(texts("server"), ElementsAre("the server is down"));
    EXPECT_THAT(texts("hunter2"), IsEmpty());
    EXPECT_EQ(found(request("")).total, 1U);
}

TEST_F(IndexTest, ShowsNobodyWhatTheyMayNotSeeNorHowMuchOfItThereIs) {
    said("plan open", {"lobby", "#ops"}, "alice");
    said("plan members", {"lobby", "#members"}, "alice", Visibility::members);
    said("plan closed", {"lobby", "#closed"}, "alice", Visibility::closed);
    said("plan direct", {"lobby", "alice"}, "alice", Visibility::direct);
    const auto sees = [&](Viewer viewer) {
        auto asked = request("plan", viewer);
        asked.facets = true;
        const auto out = found(asked);
        EXPECT_EQ(out.total, out.anchors.size());
        std::uint64_t counted = 0;
        for (const auto& room : out.facets.room) counted += room.count;
        EXPECT_EQ(counted, out.total);
        return texts(asked);
    };
    EXPECT_THAT(sees({}), ElementsAre("plan open"));
    EXPECT_THAT(sees({.operator_ = true, .account = {}, .id = {}, .rooms = {}}), ElementsAre("plan members", "plan open"));
    EXPECT_THAT(sees({.operator_ = false, .account = "lobby", .id = "alice", .rooms = {}}), ElementsAre("plan members", "plan open"));
    EXPECT_THAT(sees({.operator_ = false, .account = "lobby", .id = "mallory", .rooms = {}}), ElementsAre("plan open"));
    EXPECT_THAT(sees({.operator_ = false, .account = {}, .id = {}, .rooms = {{"lobby", "#closed"}}}), ElementsAre("plan closed", "plan open"));
    EXPECT_THAT(sees({.operator_ = false, .account = {}, .id = {}, .rooms = {{"lobby", "alice"}}}), ElementsAre("plan direct", "plan open"));
}

TEST_F(IndexTest, CountsFacetsExactly) {
    for (int i = 0; i < 5; ++i) said("word", {"lobby", "#ops"}, i < 2 ? "alice" : "bob");
    ran("word", "x", bus::Outcome::failed);
    auto asked = request("word");
    asked.facets = true;
    const auto out = found(asked);
    EXPECT_EQ(out.total, 6U);
    EXPECT_EQ(out.facets.person.at(0).count, 3U);
    EXPECT_EQ(out.facets.person.at(0).value, "alice");
    EXPECT_EQ(out.facets.kind.at(0).value, "message");
    EXPECT_EQ(out.facets.platform.at(0).value, "irc");
    EXPECT_EQ(out.facets.outcome.at(0).value, "failed");
    EXPECT_EQ(out.facets.command.at(0).value, "word");
}

TEST_F(IndexTest, RanksWhatMatchesMoreFirst) {
    said("kernel panic on web3");
    for (int i = 0; i < 5; ++i) said("kernel");
    auto asked = request("kernel OR panic OR web3");
    asked.order = Order::relevance;
    EXPECT_EQ(texts(asked).front(), "kernel panic on web3");
}

TEST_F(IndexTest, PagesWithoutGapsOrRepeats) {
    for (int i = 0; i < 25; ++i) said("page " + std::to_string(i));
    std::set<bus::Sequence> seen;
    for (std::size_t offset = 0; offset < 30; offset += 10) {
        auto asked = request("page");
        asked.offset = offset;
        asked.limit = 10;
        for (const auto anchor : found(asked).anchors) EXPECT_TRUE(seen.insert(anchor).second);
    }
    EXPECT_THAT(seen, SizeIs(25));
}

TEST_F(IndexTest, IsReplayedFromTheArchiveWhenItIsLost) {
    said("before");
    const auto edited = said("frist");
    bus::Edit edit;
    edit.target.event = edited.id;
    edit.text = "first";
    happened(std::move(edit));
    reader_.reset();
    writer_.reset();
    index_.reset();
    std::filesystem::remove_all(folder_ / "index");
    index_ = open();
    writer_ = std::make_unique<Writer>(*index_);
    catch_up(*writer_, archive_);
    reader_ = std::make_unique<Reader>(*index_, archive_, names_);
    EXPECT_THAT(texts(""), ElementsAre("first", "before"));
    EXPECT_THAT(texts("frist"), IsEmpty());
}

TEST_F(IndexTest, IsLockedAgainstASecondProcess) {
    EXPECT_EQ(Index::open(folder_ / "index").error().code, service::Code::conflict);
}

TEST_F(IndexTest, EndsAHostileQueryAtItsDeadline) {
    for (int i = 0; i < 3000; ++i) said("alpha beta gamma " + std::to_string(i));
    auto asked = request("\"alpha gamma\" OR \"beta alpha\" OR -\"gamma beta\"");
    asked.deadline = std::chrono::milliseconds(0);
    writer_->commit();
    const auto out = reader_->search(asked);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, service::Code::timeout);
    EXPECT_EQ(found(request("alpha")).total, 3000U);
}

TEST_F(IndexTest, ShowsWhereAMatchIs) {
    const auto query = parse_query("disks OR fai*", noon).value();
    EXPECT_THAT(snippet(query, "the disk has failed"), ElementsAre(Piece{"the ", false}, Piece{"disk", true}, Piece{" has ", false}, Piece{"failed", true}));
    const std::string far = std::string(500, 'x') + " some words before disk and after " + std::string(500, 'y');
    const auto pieces = snippet(query, far);
    EXPECT_TRUE(std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.hit && piece.text == "disk"; }));
}

// Random talk and random queries: the index must find exactly what the plain reading finds.
TEST_F(IndexTest, AgreesWithThePlainReading) {
    const auto seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
    const std::vector<std::string> vocabulary{"disk", "disks", "full", "/usr/lib", "foo_bar", "Foo", "bar", "10.0.0.1:80", "10.0.0.1", "é", "Crème", "日本語", "🎉", "running", "run", "#12", "a->b", "E0308"};
    for (int i = 0; i < 150; ++i) {
        std::string text;
        for (std::size_t n = random() % 6 + 1; n > 0; --n) text += pick(vocabulary) + " ";
        said(text, {"lobby", random() % 2 == 0 ? "#ops" : "#dev"}, random() % 2 == 0 ? "alice" : "bob");
    }
    const auto atom = [&]() -> std::string {
        switch (random() % 6) {
            case 0: return "\"" + pick(vocabulary) + " " + pick(vocabulary) + "\"";
            case 1: return "run*";
            case 2: return random() % 2 == 0 ? "from:alice" : "in:#dev";
            case 3: return "after:2026-11-23T13:00";
            default: return pick(vocabulary);
        }
    };
    const archive::View view(archive_);
    for (int i = 0; i < 300; ++i) {
        std::string query;
        for (std::size_t n = random() % 3 + 1; n > 0; --n) {
            query += std::string(random() % 4 == 0 ? "-" : "") + (random() % 4 == 0 ? "(" + atom() + " OR " + atom() + ")" : atom()) + (n > 1 && random() % 3 == 0 ? " OR " : " ");
        }
        auto node = parse_query(query, noon).value();
        resolve(node, names_);
        std::uint64_t expected = 0;
        view.each(0, [&](const bus::Event& event) {
            const auto document = document_of(view, event);
            expected += document && matches(node, *document) ? 1 : 0;
            return true;
        });
        for (const auto order : {Order::newest, Order::relevance}) {
            auto asked = request(query);
            asked.order = order;
            EXPECT_EQ(found(asked).total, expected) << query;
        }
    }
}

}  // namespace
}  // namespace parley::search
