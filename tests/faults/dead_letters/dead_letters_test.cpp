// An event that crashes who follows: it is set aside, the rest moves on, it is said, and it can be tried again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

#include "broker/bus/client.h"
#include "broker/bus/value.h"
#include "tests/support/house.h"

namespace parley::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DeadLetters : public testing::Test {
protected:
    DeadLetters() {
        bus::ClientOptions options;
        options.endpoint = "ipc://" + (house.folder() / "data/run/broker").string();
        options.name = "test";
        options.role = bus::Role::operator_;
        house.start("broker");
        client = std::make_unique<bus::Client>(reactor, options);
    }
    // A program of the tests, which is started again as often as it ends, as `parley up` does.
    struct Victim {
        std::vector<std::string> argv;
        std::filesystem::path log;
        std::optional<Process> process;
        int crashes = 0;
        void look_after() {
            if (process && process->running()) return;
            if (process) ++crashes;
            process.emplace(Process::Options{.argv = argv, .log = log});
        }
    };
    Victim victim(const std::string& program, const std::vector<std::string>& more = {}) {
        Victim out{{std::string(PARLEY_TESTS_DIR) + "/" + program, "--settings", house.settings_file().string()}, house.folder() / "victim.log", {}, 0};
        out.argv.insert(out.argv.end(), more.begin(), more.end());
        return out;
    }
    void live_until(Victim& victim, const std::function<bool()>& holds, const char* what) {
        EXPECT_TRUE(wait_until([&] {
            victim.look_after();
            reactor.run_for(5ms);
            return holds();
        }, 60s)) << "waited in vain: " << what << "\n" << house.logs() << read_file(victim.log);
    }
    // In the room of the bridge of straw, as Parley itself, or as a person of that platform.
    bus::EventId say(const std::string& words, const std::string& native_id = {}) {
        bus::Event event;
        event.id = bus::derived_id({words});
        event.time = event.received = service::SystemClock().now();
        event.origin.room = {"straw", "room"};
        event.origin.native_id = native_id;
        event.author = native_id.empty() ? bus::ourselves("parley") : bus::Author{"bob", "bob", bus::Strength::account, false, ""};
        event.body = bus::Message{bus::Text(words), {}, {}, {}, {}};
        bool durable = false;
        client->publish(event, [&](const service::Result<bus::Sequence>& sequence) { durable = sequence.has_value(); });
        EXPECT_TRUE(wait_until([&] { return reactor.run_for(2ms), durable; }, 10s)) << house.logs();
        return event.id;
    }
    std::vector<std::string> heard() const {
        std::vector<std::string> out;
        std::istringstream in(read_file(house.folder() / "data/bridges/straw/heard"));
        for (std::string line; std::getline(in, line);) out.push_back(line.substr(line.find(' ') + 1));
        return out;
    }
    Ran parley(std::vector<std::string> words) const {
        words.insert(words.begin(), std::string(PARLEY_BIN_DIR) + "/parley");
        words.insert(words.end(), {"--settings", house.settings_file().string()});
        return run(words);
    }
    std::string first_letter() const {
        std::istringstream list(parley({"dead-letters"}).output);
        for (std::string line; std::getline(list, line);)
            if (line.find("  crashed ") != std::string::npos) return line.substr(0, line.find(' '));
        return "none";
    }
    std::string metrics() const { return house.get("/metrics").body; }

    House house{"[account.straw]\nplatform = \"straw\"\n[account.web]\nplatform = \"web\"\n[gateway.lobby]\nrooms = [\"straw/room\", \"web/lobby\"]\n"};
    service::Reactor reactor;
    std::unique_ptr<bus::Client> client;
};

class PoisonForABridge : public DeadLetters, public testing::WithParamInterface<const char*> {};

TEST_P(PoisonForABridge, IsSetAsideAfterThreeCrashesAndTheRestIsSaid) {
    auto bridge = victim("parley-straw", {"--account", "straw"});
    house.start("indexer");
    house.start("web");
    // A new account begins with what is said from now on.
    int greetings = 0;
    live_until(bridge, [&] {
        if (heard().empty()) say(fmt::format("are you there {}?", ++greetings));
        return !heard().empty();
    }, "the bridge hears");
    say("before");
    live_until(bridge, [&] { return heard().back() == "before"; }, "it hears all");
    const auto ours = [&] {
        auto lines = heard();
        std::erase_if(lines, [](const auto& line) { return line.starts_with("are you there"); });
        return lines;
    };
    const auto poison = say(GetParam());
    say("after");
    live_until(bridge, [&] { return heard().back() == "after"; }, "the rest");
    EXPECT_EQ(bridge.crashes, 3) << read_file(bridge.log);
    EXPECT_THAT(ours(), ElementsAre("before", "after"));

    // It is said where people look.
    const auto refused = [&](const std::string& output) { return output.find("refused") != std::string::npos && output.find("crashed this process 3 times") != std::string::npos; };
    Ran trace;
    live_until(bridge, [&] { return refused((trace = parley({"trace", poison.text()})).output); }, "the refusal");
    EXPECT_THAT(trace.output, HasSubstr("straw/room"));
    EXPECT_THAT(parley({"status"}).output, HasSubstr("dead_letters: 1"));
    EXPECT_THAT(metrics(), HasSubstr("parley_dead_letters{process=\"account.straw\"} 1"));
    EXPECT_THAT(parley({"dead-letters", "show", first_letter()}).output, HasSubstr(GetParam()));

    // What cannot be mended comes back; what was mended is said.
    // The bridge was just started again, and may not answer yet.
    const auto retried = [&] { return parley({"dead-letters", "retry", first_letter()}).exit_code == 0; };
    live_until(bridge, retried, "it is tried again");
    live_until(bridge, [&] { return bridge.crashes == 6 && parley({"dead-letters"}).output.find("straw") != std::string::npos; }, "it is set aside again");
    std::ofstream(house.folder() / "data/bridges/straw/antidote") << "x";
    live_until(bridge, retried, "it is tried again, mended");
    live_until(bridge, [&] { return ours().size() == 3; }, "the poison, harmless now");
    EXPECT_THAT(ours(), ElementsAre("before", "after", GetParam()));
    EXPECT_EQ(bridge.crashes, 6);
    EXPECT_THAT(parley({"dead-letters"}).output, HasSubstr("There are none."));
}

INSTANTIATE_TEST_SUITE_P(Kinds, PoisonForABridge, testing::Values("poison that aborts", "poison that throws"),
                         [](const auto& kind) { return std::string(kind.param).substr(12); });

TEST_F(DeadLetters, OfTheIndexerAreInTheArchiveButNotFoundAndTheRestIs) {
    auto indexer = victim("poisoned-indexer");
    indexer.look_after();
    house.start("web");
    const auto poison = say("poison for whoever searches");
    say("healthy words");
    live_until(indexer, [&] { return !house.search("healthy").empty(); }, "the rest is found");
    EXPECT_EQ(indexer.crashes, 3) << read_file(indexer.log);
    EXPECT_TRUE(house.search("poison").empty());
    EXPECT_THAT(parley({"show", poison.text()}).output, HasSubstr("poison for whoever searches"));
    EXPECT_THAT(metrics(), HasSubstr("parley_dead_letters{process=\"archive\"} 1"));
    EXPECT_THAT(parley({"dead-letters"}).output, HasSubstr("archive"));

    // A whole indexer, as after an upgrade.
    indexer.process.reset();
    house.start("indexer");
    ASSERT_TRUE(wait_until([&] { return !house.search("healthy").empty(); }, 20s)) << house.logs();
    const auto retried = parley({"dead-letters", "retry", first_letter()});
    EXPECT_EQ(retried.exit_code, 0) << retried.output;
    house.kill("indexer");
    EXPECT_EQ(parley({"reindex"}).exit_code, 0);
    house.start("indexer");
    EXPECT_TRUE(wait_until([&] { return house.search("poison").size() == 1; }, 20s)) << house.logs();
}

TEST_F(DeadLetters, OfThePageAreRefusedThereAndThePageLives) {
    house.start("indexer");
    auto page = victim("poisoned-web");
    page.look_after();
    const auto poison = say("poison for the page", "n1");
    say("healthy words", "n2");
    live_until(page, [&] { return page.crashes >= 3 && house.get("/healthz").status == 200 && metrics().find("parley_dead_letters{process=\"page\"} 1") != std::string::npos; }, "the page lives");
    EXPECT_EQ(page.crashes, 3) << read_file(page.log);
    EXPECT_TRUE(wait_until([&] { return house.page_hears("web/lobby", "healthy").size() == 1; }, 20s)) << house.logs();
    Ran trace;
    EXPECT_TRUE(wait_until([&] { return (trace = parley({"trace", poison.text()})).output.find("refused") != std::string::npos; }, 20s, 50ms)) << trace.output;
    const auto dropped = parley({"dead-letters", "drop", first_letter()});
    EXPECT_EQ(dropped.exit_code, 0) << dropped.output;
    EXPECT_THAT(metrics(), HasSubstr("parley_dead_letters{process=\"page\"} 0"));
}

}  // namespace
}  // namespace parley::tests
