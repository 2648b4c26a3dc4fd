// What the archive keeps, and the ways to find it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "indexer/archive/archive.h"
#include "indexer/archive/view.h"

namespace parley::archive {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class ArchiveTest : public testing::Test {
protected:
    ArchiveTest() : folder_(make_folder()), archive_(folder_, std::uint64_t{1} << 28) {}
    ~ArchiveTest() override { std::filesystem::remove_all(folder_); }

    static std::filesystem::path make_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "archive_XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    bus::Event said(std::string native, std::string text, bus::RoomAddress room = {"lobby", "#ops"}) {
        bus::Event event;
        event.id = bus::derived_id({room.account, room.room, native, "message", "0"});
        event.origin = {room, native, bus::Visibility::everyone};
        event.author.id = event.author.name = "alice";
        bus::Message message;
        message.text = std::move(text);
        event.body = std::move(message);
        return next(event);
    }
    bus::Event next(bus::Event event) {
        event.sequence = ++sequence_;
        event.time = service::Time(std::chrono::seconds(1000 + sequence_));
        return event;
    }
    bus::Event of_body(bus::Body body, std::string_view id) {
        bus::Event event;
        event.id = bus::derived_id({id});
        event.origin = {{"lobby", "#ops"}, std::string(id), bus::Visibility::everyone};
        event.body = std::move(body);
        return next(event);
    }
    void store(std::vector<bus::Event> events) { archive_.append(events); }

    std::filesystem::path folder_;
    Archive archive_;
    bus::Sequence sequence_ = 0;
};

TEST_F(ArchiveTest, FindsAnEventBySequenceIdPrefixAndNativeId) {
    const auto event = said("m1", "hello");
    store({event, said("m2", "world")});
    const View view(archive_);
    EXPECT_EQ(view.event(bus::Sequence{1}), event);
    EXPECT_EQ(view.event(event.id), event);
    EXPECT_EQ(view.find(event.id.brief()).value(), event);
    EXPECT_EQ(view.find(event.id.text()).value(), event);
    EXPECT_EQ(view.native({"lobby", "#ops"}, "m1"), event);
    EXPECT_EQ(view.native({"lobby", "#dev"}, "m1"), std::nullopt);
    EXPECT_EQ(view.find("zzzzzzzz").error().code, service::Code::not_found);
    EXPECT_EQ(view.find("abc").error().code, service::Code::invalid);
}

TEST_F(ArchiveTest, TakesABatchThatComesTwiceOnce) {
    const std::vector<bus::Event> batch{said("m1", "a"), said("m2", "b")};
    EXPECT_EQ(archive_.append(batch), 2U);
    EXPECT_EQ(archive_.append(batch), 0U);
    EXPECT_EQ(archive_.last_sequence(), 2U);
    EXPECT_EQ(View(archive_).events(), 2U);
}

TEST_F(ArchiveTest, ShowsTheLatestTextAndKeepsEveryVersion) {
    const auto message = said("m1", "frist");
    store({message, of_body(bus::Edit{.target = {message.id, ""}, .revision = 1, .text = "first"}, "e1"),
           of_body(bus::Edit{.target = {{}, "m1"}, .revision = 2, .text = "First."}, "e2")});
    const View view(archive_);
    EXPECT_EQ(view.standing(message).text.plain, "First.");
    EXPECT_EQ(view.standing(message).revision, 2U);
    EXPECT_THAT(view.about(message), SizeIs(2));
    EXPECT_EQ(view.target(*view.event(bus::Sequence{3})), message);
}

TEST_F(ArchiveTest, HidesARedactedText) {
    const auto message = said("m1", "secret");
    store({message, of_body(bus::Redaction{.target = {{}, "m1"}, .reason = {}}, "r1")});
    EXPECT_TRUE(View(archive_).standing(message).redacted);
    EXPECT_EQ(View(archive_).standing(message).text.plain, "");
}

TEST_F(ArchiveTest, FindsAnEditThatCameBeforeItsMessage) {
    store({of_body(bus::Edit{.target = {{}, "m9"}, .revision = 1, .text = "later"}, "e1")});
    const auto message = said("m9", "sooner");
    store({message});
    EXPECT_EQ(View(archive_).standing(message).text.plain, "later");
}

TEST_F(ArchiveTest, FindsAMessageByTheIdOfItsDeliveredCopy) {
    const auto message = said("m1", "hello");
    auto receipt = of_body(bus::Receipt{.delivered = message.id, .native_ids = {"x7"}, .refusal = {}}, "receipt");
    receipt.origin.room = {"work", "ops@rooms"};
    store({message, receipt});
    EXPECT_EQ(View(archive_).native({"work", "ops@rooms"}, "x7"), message);
}

TEST_F(ArchiveTest, WalksARoomByTimeBothWays) {
    store({said("a", "1"), said("b", "2"), said("x", "elsewhere", {"lobby", "#dev"}), said("c", "3")});
    const View view(archive_);
    const auto middle = *view.event(bus::Sequence{2});
    std::vector<bus::Sequence> found;
    const auto note = [&](const bus::Event& event) { return found.push_back(event.sequence), true; };
    view.before({"lobby", "#ops"}, {middle.time, middle.sequence}, note);
    view.after({"lobby", "#ops"}, {middle.time, middle.sequence}, note);
    EXPECT_THAT(found, ElementsAre(1, 4));
}

TEST_F(ArchiveTest, GathersARun) {
    const auto request = of_body(bus::CommandRequested{.asked_by = {}, .command = "deploy", .raw = "!deploy", .arguments = {}, .action = {}, .rule = {}}, "q");
    std::vector<bus::Event> events{request, of_body(bus::RunStarted{.run = request.id, .worker = "w"}, "s")};
    for (int i = 0; i < 10; ++i) events.push_back(of_body(bus::RunOutput{.run = request.id, .ordinal = static_cast<std::uint64_t>(i), .data = "x", .shown = {}}, "o" + std::to_string(i)));
    events.push_back(of_body(bus::RunFinished{.run = request.id, .outcome = bus::Outcome::failed, .exit_code = 1, .detail = {}, .shown = {}}, "f"));
    store(events);
    const View view(archive_);
    const auto run = view.run(request.id, 4);
    ASSERT_TRUE(run && run->started && run->finished);
    ASSERT_THAT(run->output, SizeIs(4));
    EXPECT_EQ(std::get<bus::RunOutput>(run->output[1].body).ordinal, 1U);
    EXPECT_EQ(std::get<bus::RunOutput>(run->output[3].body).ordinal, 9U);
    bus::EventId last;
    view.requests("deploy", [&](const bus::Event& event) { return last = event.id, false; });
    EXPECT_EQ(last, request.id);
}

TEST_F(ArchiveTest, KnowsWhoHasBeenInARoom) {
    store({said("a", "1"), of_body(bus::Membership{.change = bus::Membership::Change::join, .id = "bob", .name = "bob", .new_name = {}, .reason = {}}, "j")});
    const View view(archive_);
    const auto room = view.number(NameKind::room, "lobby/#ops");
    ASSERT_TRUE(room);
    EXPECT_THAT(view.rooms_of("lobby", "bob"), ElementsAre(*room));
    EXPECT_THAT(view.rooms_of("lobby", "alice"), ElementsAre(*room));
    EXPECT_THAT(view.rooms_of("work", "alice"), SizeIs(0));
    EXPECT_EQ(view.name(NameKind::room, *room), "lobby/#ops");
}

TEST_F(ArchiveTest, KeepsWhatItHadWhenOpenedAgain) {
    const auto folder = make_folder();
    const auto event = said("m1", "hello");
    { Archive(folder, std::uint64_t{1} << 28).append(std::vector{event}); }
    const Archive again(folder, std::uint64_t{1} << 28);
    EXPECT_EQ(View(again).event(event.id), event);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace parley::archive
