// The verbs that speak with a running house: status, tail, search, show, send.
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Verbs : public testing::Test {
protected:
    void SetUp() override {
        for (const auto* name : {"broker", "indexer", "worker", "web"}) house.start(name);
        ASSERT_TRUE(wait_until([&] { return verb({"status"}).code == good; }, 30s)) << house.logs();
    }
    Said verb(std::vector<std::string> words) const {
        words.insert(words.end(), {"--settings", house.settings_file().string()});
        return parley(std::move(words));
    }
    // Until the index has it.
    Said found(const std::string& query) {
        Said said;
        EXPECT_TRUE(wait_until([&] { return (said = verb({"search", query})).out.find("\n1 found") != std::string::npos; }, 20s)) << said.out << said.err << house.logs();
        return said;
    }
    House house{"[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"web/lobby\", \"web/annex\"]\n" + std::string(echo_command)};
};

TEST_F(Verbs, StatusShowsWhatRunsAndNamesWhatDoesNot) {
    const auto all = verb({"status"});
    EXPECT_THAT(all.out, AllOf(HasSubstr("broker:"), HasSubstr("archive:"), HasSubstr("rebuilding: false"), HasSubstr("name=web  platform=web  connected=true")));
    const auto parsed = json::parse(verb({"status", "--json"}).out);
    EXPECT_EQ(parsed["broker"]["accounts"][0]["name"], "web");
    EXPECT_EQ(parsed["archive"]["trouble"], "");

    house.kill("indexer");
    Said said;
    ASSERT_TRUE(wait_until([&] { return (said = verb({"status"})).code == not_running; }, 30s)) << said.out;
    EXPECT_THAT(said.err, HasSubstr("does not answer: archive"));
    EXPECT_THAT(said.out, HasSubstr("sequence:")) << "the rest is still told";
}

TEST_F(Verbs, SendIsHeardInTheRoomAndItsMirrors) {
    const auto said = verb({"send", "web/lobby", "the", "deploy", "begins"});
    ASSERT_EQ(said.code, good) << said.err;
    EXPECT_TRUE(std::regex_match(said.out, std::regex("[0-9a-z]{8} is number [0-9]+ in the journal\n"))) << said.out;
    for (const auto* room : {"web/lobby", "web/annex"}) {
        EXPECT_TRUE(wait_until([&] { return house.page_hears(room, "the deploy begins").size() == 1; })) << room << house.logs();
    }
}

TEST_F(Verbs, SendToARoomOfNoAccountSaysHowToWriteIt) {
    const auto said = verb({"send", "libera/#ops", "x"});
    EXPECT_EQ(said.code, failed);
    EXPECT_THAT(said.err, AllOf(HasSubstr("libera/#ops"), HasSubstr("ACCOUNT/ROOM")));
}

TEST_F(Verbs, SearchFindsAndShowPrintsTheWhole) {
    ASSERT_EQ(verb({"send", "web/lobby", "a grapefruit for lunch"}).code, good);
    const auto said = found("grapefruit");
    ASSERT_EQ(said.lines().size(), 2U) << said.out;
    EXPECT_THAT(said.lines()[0], HasSubstr("web/lobby  <parley> a grapefruit for lunch"));
    const auto id = said.lines()[0].substr(0, 8);
    const auto shown = verb({"show", id});
    ASSERT_EQ(shown.code, good) << shown.err;
    EXPECT_EQ(json::parse(shown.out)["text"], "a grapefruit for lunch");
    const auto hits = json::parse(verb({"search", "--json", "grapefruit"}).out)["hits"];
    ASSERT_EQ(hits.size(), 1U);
    EXPECT_EQ(hits[0]["text"], "a grapefruit for lunch");
    EXPECT_THAT(verb({"search", "no-such-word"}).out, HasSubstr("0 found"));
}

TEST_F(Verbs, ShowPrintsARunWithItsOutput) {
    house.say("web/lobby", "!echo watermelon");
    json hits;
    ASSERT_TRUE(wait_until([&] { return !(hits = house.search("command:echo watermelon")).empty(); }, 20s)) << house.logs();
    const std::string id = hits[0]["id"];
    json run;
    ASSERT_TRUE(wait_until([&] {
        run = json::parse(verb({"show", id}).out, nullptr, false);
        return run.is_object() && run.contains("finished") && run["finished"].is_object();
    })) << run.dump();
    EXPECT_EQ(run["finished"]["outcome"], "succeeded");
    EXPECT_EQ(run["output"][0]["data"], "watermelon\n");
}

TEST_F(Verbs, ShowOfWhatIsNotThereFails) {
    const auto said = verb({"show", "zzzzzzzz"});
    EXPECT_EQ(said.code, failed);
    EXPECT_THAT(said.err, HasSubstr("zzzzzzzz"));
}

TEST_F(Verbs, ASearchThatIsNotUnderstoodNamesThePlace) {
    const auto said = verb({"search", "disk \"full"});
    EXPECT_EQ(said.code, usage);
    EXPECT_THAT(said.err, HasSubstr("at character 6 of the query"));
}

TEST_F(Verbs, TailPrintsWhatHappensUntilCtrlC) {
    ASSERT_EQ(verb({"send", "web/lobby", "before"}).code, good);
    const TempFolder folder;
    Process now({.argv = {PARLEY_BIN_DIR "/parley", "tail", "--settings", house.settings_file().string()}, .log = folder.path() / "now"});
    Process all({.argv = {PARLEY_BIN_DIR "/parley", "tail", "--from", "beginning", "--room", "web/annex", "--json", "--settings", house.settings_file().string()}, .log = folder.path() / "all"});
    // It follows as soon as it shows one of these.
    ASSERT_TRUE(wait_until([&] {
        EXPECT_EQ(verb({"send", "web/lobby", "is it there?"}).code, good);
        return now.output().find("is it there?") != std::string::npos;
    }, 20s)) << now.output();
    ASSERT_EQ(verb({"send", "web/annex", "one \x1b[31mred\x1b[0m word"}).code, good);
    ASSERT_TRUE(wait_until([&] { return now.output().find("red") != std::string::npos && all.output().find("red") != std::string::npos; })) << now.output() << all.output();
    for (auto* tail : {&now, &all}) {
        tail->signal(SIGINT);
        EXPECT_EQ(tail->wait(), good);
    }
    EXPECT_EQ(now.output().find("before"), std::string::npos);
    EXPECT_EQ(now.output().find('\x1b'), std::string::npos) << "a stranger's text drives no terminal";
    EXPECT_THAT(now.output(), HasSubstr("web/annex message           <parley> one"));
    std::vector<std::string> rooms;
    std::istringstream lines(all.output());
    for (std::string line; std::getline(lines, line);) rooms.push_back(json::parse(line)["room"]);
    EXPECT_THAT(rooms, ElementsAre("annex"));
}

TEST_F(Verbs, AnswerSoonWhenTheBrokerIsGone) {
    house.kill("broker");
    for (const std::vector<std::string>& words : {std::vector<std::string>{"search", "x"}, {"tail"}, {"export"}, {"send", "web/lobby", "x"}}) {
        const auto begun = std::chrono::steady_clock::now();
        const auto said = verb(words);
        EXPECT_EQ(said.code, not_running) << words[0];
        EXPECT_THAT(said.err, AllOf(HasSubstr("no broker answers at ipc://"), HasSubstr("parley up"))) << words[0];
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s) << words[0];
        EXPECT_THAT(said.out, IsEmpty()) << words[0];
    }
}

TEST_F(Verbs, TailSaysThatItWaitsForABrokerThatWentAwayAndGoesOn) {
    const TempFolder folder;
    Process tail({.argv = {PARLEY_BIN_DIR "/parley", "tail", "--settings", house.settings_file().string()}, .log = folder.path() / "tail"});
    const auto hears = [&](const std::string& text) {
        return wait_until([&] {
            EXPECT_EQ(verb({"send", "web/lobby", text}).code, good);
            return tail.output().find(text) != std::string::npos;
        }, 20s);
    };
    ASSERT_TRUE(hears("are you there?")) << tail.output();
    house.kill("broker");
    ASSERT_TRUE(wait_until([&] { return tail.output().find("waiting for the broker at ipc://") != std::string::npos; }, 20s)) << tail.output();
    house.start("broker");
    ASSERT_TRUE(hears("and again?")) << tail.output();
    EXPECT_THAT(tail.output(), HasSubstr("the broker is back at ipc://"));
    tail.signal(SIGINT);
    EXPECT_EQ(tail.wait(), good);
}

}  // namespace
}  // namespace parley::tests
