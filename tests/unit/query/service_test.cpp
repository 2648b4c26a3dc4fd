// What the archive answers, and what it keeps to itself.
#include "indexer/query/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace parley::query {
namespace {

using bus::Value;
using bus::Visibility;
using testing::HasSubstr;
using testing::SizeIs;

const bus::RoomAddress ops{"lobby", "#ops"};

class ServiceTest : public testing::Test {
protected:
    ServiceTest() : folder_(make_folder()), archive_(folder_ / "archive", std::uint64_t{1} << 28), index_(std::move(search::Index::open(folder_ / "index").value())) {
        house_.gateways = {{"ops", {ops, {"work", "ops"}}}};
        writer_ = std::make_unique<search::Writer>(*index_);
        service_ = std::make_unique<Service>(archive_, *index_, house_, clock_, progress_);
    }
    ~ServiceTest() override {
        service_.reset();
        writer_.reset();
        index_.reset();
        std::filesystem::remove_all(folder_);
    }
    static std::filesystem::path make_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "query_XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    bus::Event add(bus::Body body, bus::RoomAddress room = ops, Visibility visibility = Visibility::everyone) {
        bus::Event event;
        event.sequence = archive_.last_sequence() + 1;
        event.origin = {room, std::to_string(event.sequence), visibility};
        event.id = bus::derived_id({room.text(), event.origin.native_id});
        event.author.id = event.author.name = "alice";
        event.time = at_.value_or(clock_.now());
        event.body = std::move(body);
        store(event);
        return event;
    }
    void store(const bus::Event& event) {
        archive_.append(std::vector{event});
        writer_->take(archive::View(archive_), event);
        writer_->commit();
    }
    bus::Event said(std::string text, bus::RoomAddress room = ops, Visibility visibility = Visibility::everyone) {
        bus::Message message;
        message.text = std::move(text);
        return add(std::move(message), std::move(room), visibility);
    }
    Value ask(const std::string& method, Value request) {
        auto answer = service_->answer(method, request, std::chrono::seconds(2));
        return answer ? std::move(*answer) : Value::map({{"error", answer.error().text()}});
    }

    std::filesystem::path folder_;
    service::SystemClock clock_;
    std::optional<service::Time> at_;  // when the next is said; now if absent
    bus::HouseSettings house_;
    Progress progress_;
    archive::Archive archive_;
    std::unique_ptr<search::Index> index_;
    std::unique_ptr<search::Writer> writer_;
    std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, TellsNothingOfARedactedMessage) {
    const auto message = said("hunter2");
    bus::Edit edit;
    edit.target.event = message.id;
    edit.text = "hunter3";
    add(std::move(edit));
    bus::Redaction redaction;
    redaction.target.event = message.id;
    add(std::move(redaction));
    const auto id = Value::map({{"id", message.id.text()}});
    for (const auto& answer : {ask("event", id), ask("room", Value::map({{"room", ops.text()}})), ask("search", Value::map({{"query", ""}})), ask("export", Value::map({}))}) {
        EXPECT_THAT(answer.json(), Not(HasSubstr("hunter")));
    }
    EXPECT_TRUE(ask("event", id)["redacted"].boolean());
    EXPECT_THAT(ask("event", id)["versions"].list(), SizeIs(2));
}

TEST_F(ServiceTest, GivesARunWithWhoAskedItsOutputAndTheTalkAround) {
    said("shall I deploy?");
    const auto message = said("!deploy prod");
    bus::Event event;
    event.sequence = archive_.last_sequence() + 1;
    event.id = bus::derived_id({"command", message.id.view()});
    event.origin = {ops, "", Visibility::everyone};
    event.time = clock_.now();
    bus::CommandRequested request;
    request.asked_by.event = message.id;
    request.command = "deploy";
    event.body = request;
    store(event);
    bus::RunOutput output;
    output.run = event.id;
    output.data = "done";
    add(std::move(output));
    bus::RunFinished finished;
    finished.run = event.id;
    finished.outcome = bus::Outcome::failed;
    add(std::move(finished));
    EXPECT_EQ(ask("last", Value::map({{"command", "deploy"}, {"room", "work/ops"}}))["id"].text(), event.id.text());
    EXPECT_THAT(ask("last", Value::map({{"command", "deploy"}, {"room", "work/dev"}}))["error"].text(), HasSubstr("no run"));
    EXPECT_EQ(ask("search", Value::map({{"query", "deploy"}, {"before_asked", event.sequence}}))["total"].number(), 1);
    EXPECT_EQ(ask("search", Value::map({{"query", "deploy"}}))["total"].number(), 3);
    for (const auto& run : {ask("run", Value::map({{"id", event.id.brief()}})), ask("run", Value::map({{"id", message.id.brief()}})), ask("last", Value::map({{"command", "deploy"}}))}) {
        EXPECT_EQ(run["requested"]["command"].text(), "deploy");
        EXPECT_EQ(run["asked"]["text"].text(), "!deploy prod");
        EXPECT_EQ(run["finished"]["outcome"].text(), "failed");
        EXPECT_THAT(run["output"].list(), SizeIs(1));
        EXPECT_THAT(run["talk"].list(), SizeIs(1));
    }
    const Value::List days = ask("plot", Value::map({{"days", 7}}))["days"].list();
    ASSERT_THAT(days, SizeIs(7));
    EXPECT_EQ(days.back()["outcomes"]["failed"].number(), 1);
}

TEST_F(ServiceTest, PagesThroughARoom) {
    for (int i = 1; i <= 10; ++i) said(std::to_string(i));
    const auto texts = [&](Value request) {
        std::string out;
        const auto answer = ask("room", request.set("room", ops.text()).set("limit", 3));
        for (const auto& event : answer["events"].list()) out += event["text"].text() + " ";
        return out;
    };
    EXPECT_EQ(texts(Value::map({})), "8 9 10 ");
    EXPECT_EQ(texts(Value::map({{"before", 8}})), "5 6 7 ");
    EXPECT_EQ(texts(Value::map({{"after", 4}})), "5 6 7 ");
    EXPECT_EQ(texts(Value::map({{"around", 5}})), "4 5 6 ");
    EXPECT_EQ(texts(Value::map({{"after", 10}})), "");
}

// What was fetched is stamped by the second, what was heard by the microsecond: within a second the journal's order counts,
// and a page that ends in the middle of one leaves nothing out.
TEST_F(ServiceTest, PagesThroughASecondWhoseTimesAreNotInTheJournalsOrder) {
    const service::Time begin{std::chrono::seconds(1'700'000'000)};
    std::vector<std::string> wanted;
    for (int i = 1; i <= 40; ++i) {
        const int second = i / 12, ms = i % 3 == 0 ? 0 : 990 - (i * 7 % 12) * 80;
        at_ = begin + std::chrono::seconds(second) + std::chrono::milliseconds(ms);
        said(std::to_string(i));
        wanted.push_back(std::to_string(i));
    }
    for (const char* side : {"before", "after"}) {
        std::vector<std::string> read;
        const bool back = std::string(side) == "before";
        for (std::int64_t place = back ? -1 : 0, pages = 0; pages < 50; ++pages) {
            auto request = Value::map({{"room", ops.text()}, {"limit", 3}});
            if (place >= 0) request.set(side, place);
            const auto answer = ask("room", std::move(request));
            const auto& events = answer["events"].list();
            if (events.empty()) break;
            std::vector<std::string> page;
            for (const auto& event : events) page.push_back(event["text"].text());
            read.insert(back ? read.begin() : read.end(), page.begin(), page.end());
            place = (back ? events.front() : events.back())["sequence"].number();
        }
        EXPECT_EQ(read, wanted) << side;
    }
}

TEST_F(ServiceTest, LetsWhoAsksInARoomSeeItsGateway) {
    said("plan", {"work", "ops"}, Visibility::closed);
    const auto total = [&](Value viewer) { return ask("search", Value::map({{"query", "plan"}, {"viewer", std::move(viewer)}}))["total"].number(); };
    EXPECT_EQ(total(Value::map({{"room", ops.text()}})), 1);
    EXPECT_EQ(total(Value::map({{"room", "lobby/#dev"}})), 0);
    EXPECT_EQ(total(Value::map({{"operator", true}})), 0);
    EXPECT_EQ(total(Value()), 0);
}

TEST_F(ServiceTest, SaysWhatCanBeAsked) {
    EXPECT_THAT(ask("help", Value::map({}))["text"].text(), HasSubstr("from:alice"));
    EXPECT_THAT(ask("sing", Value::map({}))["error"].text(), HasSubstr("search, event"));
    EXPECT_THAT(ask("search", Value::map({{"query", "("}}))["error"].text(), HasSubstr("at character 2 of the query"));
    EXPECT_THAT(ask("room", Value::map({{"room", "nonsense"}}))["error"].text(), HasSubstr("account/room"));
}

}  // namespace
}  // namespace parley::query
