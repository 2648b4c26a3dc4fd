// What follows from a message.
#include "broker/dispatch/dispatcher.h"

#include <gmock/gmock.h>

namespace parley::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Settings settings() {
    auto file = *service::SettingsFile::parse(R"(
[command.uptime]
run = ["/usr/bin/uptime", "-p"]
allow = ["*"]
[command.deploy]
run = ["/opt/deploy", "{env}", "{force}"]
allow = ["work/bob@x", "gateway:ops", "room:lobby/#admins"]
[[command.deploy.parameter]]
name = "env"
type = "enum"
values = ["staging", "prod"]
[[command.deploy.parameter]]
name = "force"
type = "flag"
[command.secret]
run = ["/bin/true"]
[command.cancel]
allow = ["*", "lobby/root"]
)");
    bus::HouseSettings house;
    house.gateways = {{"ops", {{"lobby", "#ops"}, {"work", "ops"}}}};
    auto read = read_settings(file.root(), house);
    EXPECT_TRUE(file.good()) << file.good().error().text();
    return read;
}

bus::Event message(std::string text, bus::RoomAddress room = {"lobby", "#lobby"}) {
    bus::Event event;
    event.id = bus::derived_id({"test", text});
    event.origin = {std::move(room), "native-1", bus::Visibility::members};
    event.author = {"alice", "Alice", bus::Strength::account, false, ""};
    event.time = event.received = service::Time(std::chrono::hours(500000));
    event.body = bus::Message{bus::Text(std::move(text)), {}, {}, "", {}};
    return event;
}

class Dispatching : public testing::Test {
protected:
    std::string said(const bus::Event& asked) const {
        const auto events = dispatcher.consider(asked);
        if (events.size() != 1 || events[0].kind() != bus::Kind::message) return "no message";
        return std::get<bus::Message>(events[0].body).text.plain;
    }
    Dispatcher dispatcher{settings()};
};

TEST_F(Dispatching, MakesARunWithEverythingAWorkerNeeds) {
    const auto asked = message("!uptime");
    const auto events = dispatcher.consider(asked);
    ASSERT_EQ(events.size(), 1U);
    const auto& event = events[0];
    const auto& requested = std::get<bus::CommandRequested>(event.body);
    EXPECT_EQ(event.id, bus::derived_id({"command", asked.id.view()}));
    EXPECT_EQ(event.correlation, event.id);
    EXPECT_EQ(event.origin.room.text(), "lobby/#lobby");
    EXPECT_EQ(event.origin.visibility, bus::Visibility::members);
    EXPECT_TRUE(event.origin.native_id.empty());
    EXPECT_EQ(event.author, asked.author);
    EXPECT_EQ(requested.asked_by.event, asked.id);
    EXPECT_EQ(requested.raw, "!uptime");
    EXPECT_EQ(requested.rule, "*");
    EXPECT_THAT(requested.action.argv, ElementsAre("/usr/bin/uptime", "-p"));
    EXPECT_THAT(requested.action.environment, testing::Contains(testing::Pair("PARLEY_ASKED_BY", "lobby/alice")));
    EXPECT_EQ(dispatcher.consider(asked), events);  // seeing it twice is harmless
}

TEST_F(Dispatching, IgnoresTalkBotsOtherParleysAndItself) {
    EXPECT_THAT(dispatcher.consider(message("hello")), IsEmpty());
    auto bot = message("!uptime");
    bot.author.bot = true;
    EXPECT_THAT(dispatcher.consider(bot), IsEmpty());
    auto passed_on = message("!uptime");
    passed_on.hops = 1;
    EXPECT_THAT(dispatcher.consider(passed_on), IsEmpty());
    auto ours = message("!uptime");
    ours.origin.native_id.clear();
    EXPECT_THAT(dispatcher.consider(ours), IsEmpty());
    auto notice = message("!uptime");
    std::get<bus::Message>(notice.body).style = bus::Message::Style::notice;
    EXPECT_THAT(dispatcher.consider(notice), IsEmpty());
    auto edit = message("!uptime");
    edit.body = bus::Edit{{}, 1, "!uptime"};
    EXPECT_THAT(dispatcher.consider(edit), IsEmpty());
}

TEST_F(Dispatching, DoesNotRunWhatWasAskedLongAgo) {
    auto old = message("!uptime");
    old.time -= std::chrono::minutes(11);
    EXPECT_THAT(dispatcher.consider(old), IsEmpty());
}

TEST_F(Dispatching, OffersTheNearestNamesForAnUnknownCommand) {
    const auto asked = message("!uptme");
    EXPECT_EQ(said(asked), "no command uptme. Did you mean uptime? !help lists them all");
    EXPECT_EQ(said(message("!zzzzzzzz")), "no command zzzzzzzz. !help lists them all");
    const auto reply = dispatcher.consider(asked)[0];
    EXPECT_EQ(std::get<bus::Message>(reply.body).reply_to.event, asked.id);
    EXPECT_EQ(std::get<bus::Message>(reply.body).reply_to.native_id, "native-1");
    EXPECT_EQ(reply.author, bus::ourselves("parley"));
    EXPECT_TRUE(reply.origin.native_id.empty());
}

TEST_F(Dispatching, SaysWhatIsWrongWithAParameterAndHowItIsUsed) {
    EXPECT_EQ(said(message("!deploy stg", {"lobby", "#ops"})),
              "env must be one of staging, prod, not stg. Usage: !deploy staging|prod [--force]");
}

TEST_F(Dispatching, DeniesWhatNoRuleAllowsAndKeepsARecordOfIt) {
    const auto events = dispatcher.consider(message("!deploy nonsense"));
    ASSERT_EQ(events.size(), 2U);
    const auto& finished = std::get<bus::RunFinished>(events[1].body);
    EXPECT_EQ(finished.run, events[0].id);
    EXPECT_EQ(finished.outcome, bus::Outcome::denied);
    EXPECT_EQ(finished.shown,
              bus::Text("Alice: you may not use deploy here.", {{bus::Span::Kind::code, 23, 6, ""}}));
    EXPECT_TRUE(std::get<bus::CommandRequested>(events[0].body).action.argv.empty());
    EXPECT_EQ(dispatcher.consider(message("!secret")).size(), 2U);
}

TEST_F(Dispatching, AllowsByGatewayRoomAndPerson) {
    const auto rule = [&](const bus::Event& asked) {
        const auto events = dispatcher.consider(asked);
        return events.size() == 1 ? std::get<bus::CommandRequested>(events[0].body).rule : "denied";
    };
    EXPECT_EQ(rule(message("!deploy prod", {"lobby", "#ops"})), "gateway:ops");
    EXPECT_EQ(rule(message("!deploy prod", {"lobby", "#admins"})), "room:lobby/#admins");
    auto bob = message("!deploy prod --force", {"work", "other"});
    bob.author.id = "bob@x";
    EXPECT_EQ(rule(bob), "work/bob@x");
    EXPECT_THAT(std::get<bus::CommandRequested>(dispatcher.consider(bob)[0].body).action.argv,
                ElementsAre("/opt/deploy", "prod", "--force"));
}

TEST_F(Dispatching, DoesNotTakeANicknameForAPerson) {
    auto bob = message("!deploy prod", {"work", "other"});
    bob.author = {"bob@x", "bob", bus::Strength::nickname, false, ""};
    const auto events = dispatcher.consider(bob);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_THAT(std::get<bus::RunFinished>(events[1].body).shown.plain,
                testing::HasSubstr("until you have signed in on work"));
}

TEST_F(Dispatching, GivesWhoTookTheNickOfAnAccountNothing) {
    auto owner = message("!deploy prod", {"work", "other"});
    owner.author = {"bob@x", "bob", bus::Strength::account, false, ""};
    EXPECT_EQ(dispatcher.consider(owner)[0].kind(), bus::Kind::command_requested);
    auto thief = owner;
    thief.author = {"nick:bob@x", "bob@x", bus::Strength::nickname, false, ""};
    const auto events = dispatcher.consider(thief);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(std::get<bus::RunFinished>(events[1].body).outcome, bus::Outcome::denied);
    EXPECT_THAT(std::get<bus::RunFinished>(events[1].body).detail, testing::HasSubstr("no rule allows work/nick:bob@x"));
}

TEST_F(Dispatching, TellsWhoMayCancelEverythingFromWhoMayCancelTheirOwn) {
    auto root = message("!cancel 7zqk2m0c");
    EXPECT_EQ(std::get<bus::CommandRequested>(dispatcher.consider(root)[0].body).rule, "*");
    root.author.id = "root";
    EXPECT_EQ(std::get<bus::CommandRequested>(dispatcher.consider(root)[0].body).rule, "lobby/root");
}

TEST_F(Dispatching, PassesASearchOnAsTyped) {
    const auto events = dispatcher.consider(message("!search from:bob \"disk full\" don't"));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_THAT(std::get<bus::CommandRequested>(events[0].body).action.argv,
                ElementsAre("search", "from:bob \"disk full\" don't"));
}

TEST_F(Dispatching, ListsWithoutARoomWhereElseACommandCanBeAsked) {
    const auto where = [&](const std::string& who) {
        std::string out;
        const auto listed = dispatcher.commands(who, {});
        for (const auto& command : listed.list()) out += command["name"].text() + command["where"].json() + " ";
        return out;
    };
    EXPECT_THAT(where("web/alice"), testing::HasSubstr("deploy[\"gateway:ops\",\"room:lobby/#admins\"] "));
    EXPECT_THAT(where("web/alice"), testing::HasSubstr("uptime[] "));
    EXPECT_THAT(where("web/alice"), testing::Not(testing::HasSubstr("secret")));
    EXPECT_THAT(where("work/bob@x"), testing::HasSubstr("deploy[] ")) << "named, so wherever they are";
}

// The link is for one person, so nobody gives it in a room; there it is said where to ask.
TEST_F(Dispatching, SendsWhoAsksToSignInToADirectMessage) {
    EXPECT_EQ(said(message("!login")), "the link that signs you in is for you alone: write !login to me in a direct message");
    auto direct = message("!login ");
    direct.origin.visibility = bus::Visibility::direct;
    EXPECT_THAT(dispatcher.consider(direct), IsEmpty()) << "the page answers it";
    for (const auto* other : {"parley: login", "!login please"}) {
        auto asked = message(other);
        asked.origin.visibility = bus::Visibility::direct;
        EXPECT_EQ(said(asked), "write !login and nothing else") << other;
    }
}

TEST_F(Dispatching, ListsOnlyWhatOneMayAsk) {
    const auto names = [&](const std::string& who, const bus::RoomAddress& room) {
        std::vector<std::string> out;
        const auto listed = dispatcher.commands(who, room);
        for (const auto& command : listed.list()) out.push_back(command["name"].text());
        return out;
    };
    EXPECT_THAT(names("lobby/alice", {"lobby", "#lobby"}),
                ElementsAre("cancel", "help", "last", "login", "ping", "search", "show", "status", "uptime"));
    EXPECT_THAT(names("lobby/alice", {"work", "ops"}), testing::Contains("deploy"));
    EXPECT_THAT(names("", {}), testing::Contains("secret"));
    const auto all = dispatcher.commands("", {});
    EXPECT_EQ(all.list()[1]["usage"].text(), "!deploy staging|prod [--force]");
    EXPECT_EQ(all.list()[1]["parameters"].list()[0]["type"].text(), "enum");
}

}  // namespace
}  // namespace parley::dispatch
