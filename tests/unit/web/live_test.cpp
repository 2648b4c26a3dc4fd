// The live room: nothing falls between the archive and what happens now, nothing comes twice.
#include <gmock/gmock.h>

#include "broker/bus/event_value.h"
#include "tests/unit/web/fake_bus.h"
#include "web/server/json.h"

namespace parley::live {
namespace {

using bus::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Listening final : server::Socket {
    std::vector<std::string> sent;
    bool closed = false;
    void send(std::string text) override { sent.push_back(std::move(text)); }
    void close() override { closed = true; }

    std::vector<std::int64_t> sequences() const {
        std::vector<std::int64_t> out;
        for (const auto& one : sent) {
            const auto value = *server::parse_json(one);
            if (value["type"].text() == "add") out.push_back(value["sequence"].number());
        }
        return out;
    }
};

struct LiveRoom : ::testing::Test, testing::FakeSite {
    std::shared_ptr<Listening> socket = std::make_shared<Listening>();
    server::Person person{"operator", "Ann", bus::Strength::signed_in, true, {}};

    bus::Event said(bus::Sequence sequence, bus::RoomAddress room,
                    bus::Visibility visibility = bus::Visibility::everyone) {
        bus::Event event;
        event.id = bus::derived_id({std::to_string(sequence)});
        event.sequence = sequence;
        event.time = clock.now();
        event.origin = {std::move(room), std::to_string(sequence), visibility};
        event.author = {"bob", "Bob", {}, false, {}};
        event.body = bus::Message{
            .text = "m" + std::to_string(sequence), .style = {}, .reply_to = {}, .thread = {}, .attachments = {}};
        return event;
    }
    void happens(const bus::Event& event) { hub.take(event); }
    std::unique_ptr<server::Conversation> open(const std::string& target) {
        auto conversation = converse({bus, hub, writer, house}, person, request("GET", target), socket);
        EXPECT_TRUE(conversation);
        (*conversation)->opened();
        return std::move(*conversation);
    }
};

TEST_F(LiveRoom, BeginsAfterWhatThePageHasAndGoesOn) {
    for (bus::Sequence n = 5; n <= 8; ++n) happens(said(n, {"lobby", "#ops"}));
    const auto conversation = open("/live?room=web/ops&after=6");
    happens(said(9, {"web", "ops"}));
    happens(said(9, {"web", "ops"}));
    EXPECT_THAT(socket->sequences(), ElementsAre(7, 8, 9));
}

TEST_F(LiveRoom, AsksTheArchiveForWhatIsOlderThanItRemembers) {
    happens(said(8, {"lobby", "#ops"}));
    bus.answers[{"archive", "room"}] = [&](const Value& request) {
        Value::List events;
        if (request["room"].text() == "lobby/#ops")
            events = {bus::to_value(said(5, {"lobby", "#ops"})), bus::to_value(said(8, {"lobby", "#ops"}))};
        else
            events = {bus::to_value(said(6, {"web", "ops"}))};
        return Value::map({{"events", std::move(events)}});
    };
    const auto conversation = open("/live?room=web/ops&after=4");
    EXPECT_THAT(socket->sequences(), ElementsAre(5, 6, 8));
}

TEST_F(LiveRoom, KeepsQuietAboutOtherRoomsAndClosedOnes) {
    happens(said(1, {"lobby", "#other"}));
    happens(said(2, {"lobby", "#ops"}, bus::Visibility::closed));
    const auto conversation = open("/live?room=web/ops&after=0");
    EXPECT_THAT(socket->sequences(), ElementsAre());
}

TEST_F(LiveRoom, AcknowledgesWhatIsDurable) {
    happens(said(1, {"lobby", "#ops"}));
    const auto conversation = open("/live?room=web/ops&after=1");
    conversation->received(R"({"type":"message","client_id":"c9","text":"hello"})");
    EXPECT_THAT(socket->sent.back(), HasSubstr(R"("type":"ack","client_id":"c9","sequence":1)"));
    EXPECT_EQ(bus.published.at(0).author.name, "Ann");
}

TEST_F(LiveRoom, RefusesToChangeWhatSomebodyElseSaid) {
    auto foreign = said(1, {"web", "ops"});
    happens(foreign);
    const auto conversation = open("/live?room=web/ops&after=1");
    conversation->received(R"({"type":"edit","client_id":"c1","target":")" + foreign.id.text() +
                           R"(","text":"forged"})");
    EXPECT_THAT(socket->sent.back(), HasSubstr("not your message"));
    conversation->received("{not json");
    EXPECT_THAT(socket->sent.back(), HasSubstr("refused"));
    EXPECT_TRUE(bus.published.empty());
}

}  // namespace
}  // namespace parley::live
