// Who may come in, and what a foreign page cannot do.
#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/web/fake_bus.h"
#include "web/server/json.h"
#include "web/live/login.h"

namespace parley {
namespace {

using bus::Value;
using ::testing::HasSubstr;
using ::testing::Not;

std::string cookie_of(const server::Response& response) {
    const auto whole = std::string(server::value_of(response.headers, "Set-Cookie"));
    return whole.substr(0, whole.find(';'));
}

struct Web : ::testing::Test, testing::FakeSite {};

TEST_F(Web, ShowsOnlyASignInPageToAStrangerFromElsewhere) {
    auto stranger = request("GET", "/search?q=x");
    stranger.remote = "192.0.2.7";
    const auto page = api::answer(site, stranger);
    EXPECT_EQ(page.status, 401);
    EXPECT_THAT(page.body, HasSubstr("!login"));
    stranger.path = "/api/search";
    EXPECT_EQ(api::answer(site, stranger).status, 401);
}

TEST_F(Web, IsNotFooledByAProxyOrByAForeignNameForLoopback) {
    auto proxied = request("GET", "/me");
    proxied.headers.emplace_back("x-forwarded-for", "192.0.2.7");
    EXPECT_EQ(api::answer(site, proxied).status, 401);
    auto rebound = request("GET", "/me");
    rebound.headers = {{"host", "evil.example:8080"}};
    EXPECT_EQ(api::answer(site, rebound).status, 401);
    EXPECT_EQ(get("/me").status, 200);
}

TEST_F(Web, RefusesAChangeThatAnotherPageAsksFor) {
    auto post = request("POST", "/room/web%2Fops");
    post.body = "text=hello";
    post.headers.emplace_back("origin", "http://evil.example");
    EXPECT_EQ(api::answer(site, post).status, 403);
    post.headers.back().second = "http://127.0.0.1:8080";
    EXPECT_EQ(api::answer(site, post).status, 303);
    ASSERT_EQ(bus.published.size(), 1U);
    EXPECT_EQ(std::get<bus::Message>(bus.published[0].body).text.plain, "hello");
}

TEST_F(Web, SaysTheSameMessageOnceWhenItIsSentTwice) {
    auto post = request("POST", "/api/rooms/web%2Fops/messages");
    post.headers.emplace_back("content-type", "application/json");
    post.body = R"({"text":"hi","client_id":"c1"})";
    EXPECT_EQ(api::answer(site, post).status, 201);
    EXPECT_EQ(api::answer(site, post).status, 201);
    ASSERT_EQ(bus.published.size(), 2U);
    EXPECT_EQ(bus.published[0].id, bus.published[1].id);
    EXPECT_EQ(bus.published[0].origin.native_id, "c1");
}

// A message that was fetched from a platform's archive may be stamped with the second alone.
TEST_F(Web, TellsARoomInTheOrderInWhichItWasHeardWithinASecond) {
    const auto said = [](const bus::Value& request, std::int64_t sequence, std::int64_t time_us) {
        auto event = testing::message(sequence, request["room"].text(), "#ops", "ann", "x");
        return event.set("time_us", time_us);
    };
    bus.answers[{"archive", "room"}] = [&](const bus::Value& request) -> service::Result<bus::Value> {
        bus::Value::List events;
        if (request["room"].text() == "web/ops") events = {said(request, 1, 10'600'000), said(request, 4, 9'000'000)};
        else events = {said(request, 2, 10'000'000), said(request, 3, 10'700'000)};
        return bus::Value::map({{"events", std::move(events)}});
    };
    std::vector<std::int64_t> order;
    const auto answer = server::parse_json(get("/api/rooms/web%2Fops/messages").body);
    ASSERT_TRUE(answer);
    for (const auto& event : (*answer)["events"].list()) order.push_back(event["sequence"].number());
    EXPECT_THAT(order, ::testing::ElementsAre(4, 1, 2, 3));
}

TEST_F(Web, HoldsBackWhoWritesTooFast) {
    auto post = request("POST", "/api/rooms/web%2Fops/messages");
    post.headers.emplace_back("content-type", "application/json");
    post.body = R"({"text":"hi"})";
    int status = 201;
    for (int i = 0; i < 50 && status == 201; ++i) status = api::answer(site, post).status;
    EXPECT_EQ(status, 429);
}

TEST_F(Web, ForbidsScriptsAndFramesOnEveryAnswer) {
    for (const char* path : {"/me", "/nothing", "/api/nothing", "/assets/x/parley.css"}) {
        const auto response = get(path);
        EXPECT_THAT(std::string(server::value_of(response.headers, "Content-Security-Policy")),
                    HasSubstr("default-src 'none'"))
            << path;
        EXPECT_EQ(server::value_of(response.headers, "X-Content-Type-Options"), "nosniff") << path;
        EXPECT_THAT(response.body, Not(HasSubstr("onclick"))) << path;
    }
}

TEST_F(Web, EscapesTheQueryThatItShowsAgain) {
    bus.answers[{"archive", "search"}] = [](const Value&) { return Value::map({{"total", 0}}); };
    EXPECT_THAT(get("/search?q=%22%3E%3Cscript%3E").body, Not(HasSubstr("<script>")));
}

TEST_F(Web, TellsTheArchiveWhoAsks) {
    bus.answers[{"archive", "search"}] = [](const Value&) { return Value::map({{"total", 0}}); };
    get("/api/search?q=x");
    EXPECT_TRUE(bus.asked["viewer"]["operator"].boolean());
    EXPECT_EQ(bus.asked["viewer"]["rooms"].list().at(0).text(), "web/ops");
}

TEST_F(Web, AnswersLoginInADirectMessageWithALinkThatWorksOnce) {
    bus::Event asked;
    asked.time = clock.now();
    asked.origin = {{"lobby", "ann"}, "17", bus::Visibility::direct};
    asked.author = {"ann", "Ann", bus::Strength::account, false, {}};
    asked.body = bus::Message{.text = "!login", .style = {}, .reply_to = {}, .thread = {}, .attachments = {}};
    const auto answer = live::login_answer(asked, house, *sessions, clock.now());
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->origin.visibility, bus::Visibility::direct);
    const auto text = std::get<bus::Message>(answer->body).text.plain;
    auto visit = request("POST", text.substr(text.find("/login/")));
    visit.remote = "192.0.2.7";
    const auto in = api::answer(site, visit);
    ASSERT_EQ(in.status, 303);
    EXPECT_THAT(std::string(server::value_of(in.headers, "Set-Cookie")),
                ::testing::AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict")));
    EXPECT_EQ(api::answer(site, visit).status, 404);
    auto later = request("GET", "/me");
    later.remote = "192.0.2.7";
    later.headers.emplace_back("cookie", cookie_of(in));
    EXPECT_THAT(api::answer(site, later).body, HasSubstr("lobby/ann"));
}

TEST_F(Web, ShowsANickThatNobodyVouchesForNobodysRooms) {
    bus.answers[{"archive", "search"}] = [](const Value&) { return Value::map({{"total", 0}}); };
    const auto asks_as = [&](const server::Person& person) {
        auto visit = request("POST", "/login/" + server::encode(sessions->link_for(person)));
        visit.remote = "192.0.2.7";
        auto search = request("GET", "/api/search?q=x");
        search.remote = "192.0.2.7";
        search.headers.emplace_back("cookie", cookie_of(api::answer(site, visit)));
        EXPECT_EQ(api::answer(site, search).status, 200);
        return bus.asked["viewer"]["identity"].text();
    };
    EXPECT_EQ(asks_as({"lobby/ann", "ann", bus::Strength::signed_in, false, {}}), "lobby/ann");
    EXPECT_EQ(asks_as({"lobby/nick:ann", "ann", bus::Strength::nickname, false, {}}), "");
}

TEST_F(Web, IgnoresLoginInARoom) {
    bus::Event asked;
    asked.time = clock.now();
    asked.origin = {{"lobby", "#ops"}, "17", bus::Visibility::everyone};
    asked.body = bus::Message{.text = "!login", .style = {}, .reply_to = {}, .thread = {}, .attachments = {}};
    EXPECT_FALSE(live::login_answer(asked, house, *sessions, clock.now()));
}

TEST_F(Web, ReplacesASessionsTokenAfterADay) {
    const auto token = sessions->open({"a/b", "B", bus::Strength::account, false, {}});
    EXPECT_FALSE(sessions->rotated(token));
    clock.time += std::chrono::hours(25);
    const auto fresh = sessions->rotated(token);
    ASSERT_TRUE(fresh);
    EXPECT_TRUE(sessions->find(token)) << "requests on the way still count";
    clock.time += std::chrono::minutes(2);
    EXPECT_FALSE(sessions->find(token));
    EXPECT_EQ(sessions->find(*fresh)->id, "a/b");
}

TEST_F(Web, RemembersSessionsOverARestartButNotTheirTokens) {
    const auto file = std::filesystem::temp_directory_path() / ("parley-sessions-" + std::to_string(::getpid()));
    const auto token =
        (*server::Sessions::load(file, clock, random))->open({"a/b", "B", bus::Strength::account, false, {}});
    EXPECT_EQ((*server::Sessions::load(file, clock, random))->find(token)->name, "B");
    std::string content;
    std::getline(std::ifstream(file), content);
    EXPECT_THAT(content, Not(HasSubstr(token)));
    std::filesystem::remove(file);
}

TEST_F(Web, IsHealthyOnlyIfTheArchiveAnswers) {
    EXPECT_EQ(get("/healthz").status, 503);
    bus.answers[{"archive", "status"}] = [](const Value&) { return Value::map({}); };
    EXPECT_EQ(get("/healthz").status, 200);
    bus.linked = false;
    EXPECT_EQ(get("/healthz").status, 503);
}

TEST_F(Web, DescribesEveryRouteOfItsApi) {
    const auto text = get("/api/openapi.yaml").body;
    for (const auto& route : api::routes()) {
        if (!route.pattern.starts_with("/api/")) continue;
        auto prefix = std::string(route.pattern.substr(0, route.pattern.find('*')));
        EXPECT_THAT(text, HasSubstr("\n  " + prefix)) << route.pattern;
    }
}

}  // namespace
}  // namespace parley
