// What the page answers, over services that answer what the test says.
#include <gmock/gmock.h>

#include "tests/unit/web/fake_bus.h"

namespace parley {
namespace {

using bus::Value;
using service::Code;
using ::testing::HasSubstr;
using ::testing::Not;

struct Site : ::testing::Test, testing::FakeSite {
    server::Response post(const std::string& target, const std::string& origin) const {
        auto out = request("POST", target);
        out.headers.emplace_back("origin", origin);
        return api::answer(site, out);
    }
    void archive(const std::string& method, service::Result<Value> answer) {
        bus.answers[{"archive", method}] = [answer](const Value&) { return answer; };
    }
};

TEST_F(Site, SaysOfAnUnknownRoomThatItIsNotThereAndNamesTheNearest) {
    archive("room", service::fail(Code::not_found, "nothing is known of the room"));
    archive("rooms", Value::map({{"rooms", Value::List{Value::map({{"account", "lobby"}, {"room", "#talk"}})}}}));
    const auto page = get("/room/web%2Fopps");
    EXPECT_EQ(page.status, 404);
    EXPECT_THAT(page.body, HasSubstr("there is no room web/opps here"));
    EXPECT_THAT(page.body, HasSubstr("did you mean web/ops?"));
    EXPECT_EQ(get("/api/rooms/web%2Fopps/messages").status, 404);
    EXPECT_EQ(get("/room/nowhere").status, 404);
}

TEST_F(Site, ShowsARoomInWhichNothingWasSaidYet) {
    archive("room", service::fail(Code::not_found, "nothing is known of the room"));
    EXPECT_EQ(get("/room/web%2Fops").status, 200) << "it is in a gateway";
    house.rooms[{"web", "alone"}] = bus::Visibility::members;
    EXPECT_EQ(get("/room/web%2Falone").status, 200) << "the settings name it";
    archive("room", Value::map({{"events", Value::List{}}}));
    EXPECT_EQ(get("/room/lobby%2F%23old").status, 200) << "the archive knows it";
}

TEST_F(Site, ShowsCommandsOfOneGatewayWithWhereTheyCanBeUsed) {
    house.rooms[{"lobby", "#board"}] = bus::Visibility::closed;
    const auto command = [](const char* name, Value::List where) { return Value::map({{"name", name}, {"summary", ""}, {"where", Value(std::move(where))}}); };
    const Value all(Value::List{command("deploy", {"gateway:ops", "room:lobby/#board"}), command("merge", {"room:lobby/#board"}), command("uptime", {})});
    bus.answers[{"broker", "commands"}] = [&](const Value&) { return all; };
    auto ann = request("GET", "/commands");
    ann.headers.emplace_back("cookie", std::string(server::cookie_name) + "=" + sessions->open({"lobby/ann", "ann", bus::Strength::signed_in, false, {}}));
    const auto hers = api::answer(site, ann).body;
    EXPECT_THAT(hers, HasSubstr("<p class=\"where\">Only in ops</p>")) << "nobody learns of a closed room";
    EXPECT_THAT(hers, Not(HasSubstr("merge")));
    EXPECT_THAT(hers, HasSubstr("uptime"));
    EXPECT_THAT(get("/commands").body, HasSubstr("Only in ops, the room lobby/#board")) << "the operator";
}

TEST_F(Site, ShowsTheAccountOfThePageAmongTheAccounts) {
    bus.answers[{"broker", "status"}] = [](const Value&) { return Value::map({{"sequence", 1}}); };
    EXPECT_THAT(get("/status").body, HasSubstr("<th scope=\"row\">web</th>"));
}

class PageOfARun : public Site {
protected:
    PageOfARun() {
        Value run = Value::map({{"id", id}, {"requested", testing::message(1, "lobby", "#ops", "ann", "")}, {"finished", Value()}});
        archive("run", run);
        bus.answers[{"broker", "cancel"}] = [this](const Value& request) -> service::Result<Value> {
            asked.push_back(request);
            if (!allowed) return service::fail(Code::denied, "`deploy` was asked for by ann");
            return Value::map({{"run", id}, {"command", "deploy"}, {"state", "cancelling"}});
        };
    }
    const std::string id = bus::derived_id({"run"}).text();
    const std::string here = "http://127.0.0.1:8080";
    std::vector<Value> asked;
    bool allowed = true;
};

TEST_F(PageOfARun, HasAButtonThatCancelsForWhoMay) {
    EXPECT_THAT(get("/run/" + id).body, HasSubstr("action=\"/run/" + id + "/cancel\""));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_TRUE(asked[0]["try"].boolean());
    const auto done = post("/run/" + id + "/cancel", here);
    EXPECT_EQ(done.status, 303);
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_FALSE(asked[1]["try"].boolean());
    EXPECT_EQ(asked[1]["run"].text(), id);
    EXPECT_EQ(asked[1]["identity"].text(), "web/operator");
    EXPECT_EQ(asked[1]["room"].text(), "web/ops") << "as if it were typed there";
    const auto after = get("/run/" + id + "?told=stop").body;
    EXPECT_THAT(after, HasSubstr("told to stop"));
    EXPECT_THAT(after, Not(HasSubstr("/cancel\"")));
}

TEST_F(PageOfARun, HasNoButtonForWhoMayNotAndRefusesThem) {
    allowed = false;
    EXPECT_THAT(get("/run/" + id).body, Not(HasSubstr("/cancel\"")));
    const auto refused = post("/run/" + id + "/cancel", here);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("was asked for by ann"));
}

TEST_F(PageOfARun, CancelsNothingForAnotherPageNorForWhoMayNotSeeTheRun) {
    EXPECT_EQ(post("/run/" + id + "/cancel", "http://evil.example").status, 403);
    EXPECT_EQ(get("/run/" + id + "/cancel").status, 405);
    archive("run", service::fail(Code::not_found, "no run has the id"));
    EXPECT_EQ(post("/run/" + id + "/cancel", here).status, 404);
    EXPECT_TRUE(asked.empty());
}

// Who has signed in from their network is the same person there; a nickname that nobody vouches for is not.
TEST_F(PageOfARun, KnowsWhoAskedOnTheirOwnNetwork) {
    const auto also = [&](bus::Strength strength) {
        auto out = request("GET", "/run/" + id);
        out.headers.emplace_back("cookie", std::string(server::cookie_name) + "=" + sessions->open({"lobby/ann", "ann", strength, false, {}}));
        api::answer(site, out);
        return asked.back()["identity"].text() + " " + asked.back()["also"].text();
    };
    EXPECT_EQ(also(bus::Strength::signed_in), "web/lobby/ann lobby/ann");
    EXPECT_EQ(also(bus::Strength::nickname), "web/lobby/ann ");
}

}  // namespace
}  // namespace parley
