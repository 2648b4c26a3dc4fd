// The part of the settings that every process reads.
#include "broker/bus/house_settings.h"

#include <gmock/gmock.h>

namespace parley::bus {
namespace {

struct Read {
    HouseSettings house;
    std::vector<service::Error> problems;
};
Read read(std::string_view toml) {
    auto file = service::SettingsFile::parse(toml, "parley.toml");
    EXPECT_TRUE(file) << file.error().text();
    auto house = read_house(file->root());
    return {std::move(house), file->problems()};
}

constexpr std::string_view sample = R"(
[parley]
data = "/srv/parley"
page = "https://example.org/"
[account.lobby]
platform = "one"
server = "is the bridge's to read"
[account.work]
platform = "two"
[gateway.ops]
rooms = ["lobby/#ops", "work/ops@conference.example.org", "web/ops"]
[room."lobby/#secret"]
visibility = "closed"
)";

TEST(HouseSettings, NameAccountsGatewaysAndRooms) {
    const auto [house, problems] = read(sample);
    EXPECT_THAT(problems, testing::IsEmpty());
    EXPECT_EQ(house.accounts.at("lobby"), "one");
    ASSERT_EQ(house.gateways.size(), 1U);
    EXPECT_THAT(house.gateways[0].rooms, testing::ElementsAre(RoomAddress{"lobby", "#ops"}, RoomAddress{"work", "ops@conference.example.org"},
                                                              RoomAddress{"web", "ops"}));
    EXPECT_EQ(house.visibility({"lobby", "#secret"}), Visibility::closed);
    EXPECT_EQ(house.visibility({"lobby", "#ops"}), Visibility::everyone);
    EXPECT_THAT(house.rooms_of("lobby"), testing::ElementsAre("#ops", "#secret"));
    EXPECT_EQ(house.endpoint, "ipc:///srv/parley/run/broker");
    EXPECT_EQ(house.page, "https://example.org");
    EXPECT_EQ(house.prefix, "!");
}

TEST(HouseSettings, AnEmptyFileIsAGoodOne) {
    const auto [house, problems] = read("");
    EXPECT_THAT(problems, testing::IsEmpty());
    EXPECT_THAT(house.endpoint, testing::StartsWith("ipc:///"));
}

TEST(HouseSettings, LinksPointToWhereThePageListensUnlessToldOtherwise) {
    EXPECT_EQ(read("").house.page, "http://127.0.0.1:8080");
    EXPECT_EQ(read("[web]\nlisten = \"127.0.0.1:8081\"\n").house.page, "http://127.0.0.1:8081");
    EXPECT_EQ(read("[web]\nlisten = \"0.0.0.0:81\"\n").house.page, "http://127.0.0.1:81");
    EXPECT_EQ(read("[web]\nlisten = \"9000\"\n").house.page, "http://127.0.0.1:9000");
    EXPECT_EQ(read("[parley]\npage = \"https://talk\"\n[web]\nlisten = \"9000\"\n").house.page, "https://talk");
}

TEST(HouseSettings, ARoomOnAnUndeclaredAccountIsAnError) {
    const auto problems = read("[gateway.ops]\nrooms = [\"nowhere/#ops\"]\n").problems;
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].text(),
              "parley.toml:2: gateway.ops.rooms: \"nowhere/#ops\" is on an account that is not declared (declared are: web)");
}

TEST(HouseSettings, ARoomIsToldOfLongAgoAsItsMostGenerousGatewaySays) {
    const auto [house, problems] = read(R"(
[gateway.usual]
rooms = ["web/a", "web/b", "web/c"]
[gateway.quiet]
rooms = ["web/b", "web/c"]
catch_up_age = "7 d"
catch_up_count = 10
[gateway.all]
rooms = ["web/c"]
catch_up_age = "0 s"
catch_up_count = 0
)");
    EXPECT_THAT(problems, testing::IsEmpty());
    const auto expect = [&, &h = house](const char* room, std::chrono::hours age, std::size_t count) {
        EXPECT_EQ(h.catch_up({"web", room}).age, age) << room;
        EXPECT_EQ(h.catch_up({"web", room}).count, count) << room;
    };
    expect("a", std::chrono::hours(24), 500);
    expect("b", std::chrono::hours(24 * 7), 500);
    expect("c", std::chrono::hours(0), 0);
    EXPECT_EQ(house.catch_up({"web", "in none"}).count, 0U);
}

TEST(HouseSettings, ATypoNamesTheNearestKey) {
    const auto problems = read("[parley]\nprefixx = \"?\"\n").problems;
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].hint, "did you mean prefix?");
}

TEST(HouseSettings, TcpWithoutKeysIsAnError) {
    const auto problems = read("[bus]\nendpoint = \"tcp://127.0.0.1:5555\"\n").problems;
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].text(), testing::HasSubstr("tcp:// needs keys"));
}

TEST(HouseSettings, TheListOfKeysSaysWhoMayCome) {
    const auto keys = make_keys();
    const auto [house, problems] = read("[bus]\nendpoint = \"tcp://127.0.0.1:5555\"\nkeys = \"/k\"\n[[bus.allow]]\nname = \"lobby\"\nrole = \"bridge\"\nkey = '''" +
                                        keys.own_public + "'''\n");
    EXPECT_THAT(problems, testing::IsEmpty());
    ASSERT_EQ(house.allowed.size(), 1U);
    EXPECT_EQ(house.allowed[0].name, "lobby");
    EXPECT_EQ(house.allowed[0].public_key, keys.own_public);
}

TEST(HouseSettings, GiveLinksOnlyToWhatThePageShows) {
    const auto house = read(sample).house;
    const auto page = [&](const char* account, Visibility visibility) { return house.page_for({{account, "room"}, "", visibility}); };
    for (const auto visibility : {Visibility::everyone, Visibility::members}) EXPECT_EQ(page("lobby", visibility), "https://example.org");
    for (const auto visibility : {Visibility::closed, Visibility::direct}) EXPECT_EQ(page("lobby", visibility), "");
    EXPECT_EQ(page("web", Visibility::closed), "https://example.org") << "whoever is on the page is in its rooms";
}

}  // namespace
}  // namespace parley::bus
