// Runs by a worker, with a real broker and real programs.
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

#include "broker/bots/worker.h"
#include "tests/support/process.h"
#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

using bus::Kind;
using bus::Outcome;
using testing::HasSubstr;

bool alive(const std::string& pid) {
    std::ifstream in("/proc/" + pid + "/stat");
    std::string number, name, state;
    return static_cast<bool>(in >> number >> name >> state) && state != "Z";
}

class Runs : public InProcess {
protected:
    void SetUp() override {
        InProcess::SetUp();
        // "!" and a script: each message is run by sh; "!ping" is built in.
        commands_.consider = [this](const bus::Event& message) {
            std::vector<bus::Event> out;
            const auto& text = std::get<bus::Message>(message.body).text.plain;
            if (!text.starts_with("!")) return out;
            auto event = message;
            event.id = bus::derived_id({"command", message.id.view()});
            event.origin.native_id.clear();
            bus::CommandRequested requested;
            requested.command = text == "!ping" ? "ping" : "script";
            requested.action = action_;
            requested.action.kind = text == "!ping" ? bus::Action::Kind::builtin : bus::Action::Kind::exec;
            requested.action.argv = {"sh", "-c", text.substr(1)};
            requested.action.environment = {{"PATH", "/usr/bin:/bin"}, {"PARLEY_RUN", event.id.text()}};
            event.body = requested;
            out.push_back(event);
            return out;
        };
        restart_with_heartbeat(1s);
        events_ = &watch({Kind::run_started, Kind::run_output, Kind::run_finished});
        worker_ = std::make_unique<bots::Worker>(reactor_, settings_.house, bus::Keys{}, "worker-1", 2);
    }
    void TearDown() override {
        worker_.reset();
        InProcess::TearDown();
    }

    bus::EventId ask(const std::string& script) {
        auto event = said("irc", "1", "!" + script);
        publish(client("irc", bus::Role::bridge), event);
        return bus::derived_id({"command", event.id.view()});
    }
    std::string output() const {
        std::string all;
        for (const auto& followed : *events_) {
            if (const auto* output = std::get_if<bus::RunOutput>(&followed.event.body)) all += output->data;
        }
        return all;
    }
    bus::RunFinished finished() {
        until([&] { return !events_->empty() && events_->back().event.kind() == Kind::run_finished; }, "the end of the run");
        if (events_->empty()) return {};
        const auto* end = std::get_if<bus::RunFinished>(&events_->back().event.body);
        return end != nullptr ? *end : bus::RunFinished{};
    }
    // What the script wrote, a line each, and that is a pid.
    std::vector<std::string> pids() const {
        std::istringstream in(output());
        std::vector<std::string> all(std::istream_iterator<std::string>(in), {});
        std::erase_if(all, [](const std::string& word) { return word.find_first_not_of("0123456789") != std::string::npos; });
        return all;
    }
    void expect_all_gone(std::size_t count) const {
        EXPECT_EQ(pids().size(), count);
        for (const auto& pid : pids()) EXPECT_FALSE(alive(pid)) << pid;
    }
    // How many of the words for the room hold this.
    long shown(std::string_view part) const {
        return std::count_if(events_->begin(), events_->end(), [&](const bus::Followed& one) {
            const auto* output = std::get_if<bus::RunOutput>(&one.event.body);
            return output != nullptr && output->shown.plain.find(part) != std::string::npos;
        });
    }
    std::size_t lines() const {
        const auto all = output();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
    }

    bus::Action action_;
    std::vector<bus::Followed>* events_ = nullptr;
    std::unique_ptr<bots::Worker> worker_;
};

TEST_F(Runs, TellTheirWholeStoryInOrder) {
    const auto run = ask("echo hello; exit 3");
    const auto end = finished();
    EXPECT_EQ(end.outcome, Outcome::failed);
    EXPECT_EQ(end.exit_code, 3);
    EXPECT_EQ(end.output_lines, 1U);
    EXPECT_THAT(end.shown.plain, testing::AllOf(HasSubstr("script failed after"), HasSubstr(": exit 3")));
    EXPECT_EQ(output(), "hello\n");
    EXPECT_EQ(events_->front().event.kind(), Kind::run_started);
    for (const auto& followed : *events_) EXPECT_EQ(followed.event.correlation, run);
}

TEST_F(Runs, AnswerWhatIsBuiltIn) {
    ask("ping");
    EXPECT_EQ(finished().outcome, Outcome::succeeded);
    EXPECT_EQ(output(), "pong\n");
}

TEST_F(Runs, AreStoppedWithAllTheirDescendantsAtTheirTimeout) {
    action_.timeout = 500ms;
    // All deaf to SIGTERM: the program, a child, and one that left the group.
    ask("trap '' TERM; echo $$; sh -c 'echo $$; exec sleep 60' & setsid sh -c 'echo $$; sleep 60; sleep 60' & while :; do sleep 60; done");
    EXPECT_EQ(finished().outcome, Outcome::timed_out);
    expect_all_gone(3);
}

TEST_F(Runs, AreCancelledWithAllTheirDescendants) {
    const auto run = ask("trap 'echo asked to end; exit' TERM; echo $$; sleep 60 & echo $!; wait");
    until([&] { return lines() == 2; }, "both pids");
    ASSERT_TRUE(InProcess::ask("cancel", bus::Value::map({{"run", run.text()}, {"who", "bob"}})));
    const auto end = finished();
    EXPECT_EQ(end.outcome, Outcome::cancelled);
    EXPECT_THAT(output(), testing::EndsWith("asked to end\n")) << "SIGTERM was enough";
    expect_all_gone(2);
}

TEST_F(Runs, CanBeCancelledOnlyByWhoAskedUnlessAllAreAllowed) {
    const auto run = ask("echo up; sleep 60");
    until([&] { return lines() == 1; }, "the run");
    const auto by = [&](const std::string& identity) {
        return InProcess::ask("cancel", bus::Value::map({{"run", run.brief()}, {"who", "x"}, {"identity", identity}}));
    };
    const auto stranger = by("irc/mallory");
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code, service::Code::denied);
    EXPECT_TRUE(by("irc/bob"));
    EXPECT_EQ(finished().outcome, Outcome::cancelled);
}

// Within two seconds nobody has to know; after that it is said once, among the output, how to stop it.
TEST_F(Runs, SayUnderWhichIdTheyCanBeStoppedIfTheyTakeLong) {
    const auto run = ask("echo begun; sleep 60");
    until([&] { return shown("is running") == 1; }, "the id");
    EXPECT_EQ(shown("script is running; !cancel " + run.brief() + " stops it"), 1);
    EXPECT_EQ(output(), "begun\n") << "it is no output of the program";
    ASSERT_TRUE(InProcess::ask("cancel", bus::Value::map({{"identity", "irc/bob"}})));
    EXPECT_EQ(finished().outcome, Outcome::cancelled);
}

TEST_F(Runs, SayNothingOfTheirIdIfTheyAreQuick) {
    ask("sleep 0.3; echo quick");
    EXPECT_EQ(finished().outcome, Outcome::succeeded);
    EXPECT_EQ(shown("quick"), 1);
    EXPECT_EQ(shown("cancel"), 0);
}

TEST_F(Runs, KeepNoMoreOutputThanAllowed) {
    action_.output_bytes_max = 1000;
    action_.room_lines_max = 3;
    ask("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done");
    const auto end = finished();
    EXPECT_EQ(end.outcome, Outcome::succeeded);
    EXPECT_EQ(output().size(), 1000U);
    EXPECT_TRUE(end.truncated);
    EXPECT_THAT(end.shown.plain, HasSubstr("more lines, output cut off after"));
}

// The worker program: killed in the middle, it leaves nothing behind, and its run is lost.
TEST_F(Runs, OfAKilledWorkerEndWithAllTheirDescendants) {
    worker_.reset();
    restart_with_heartbeat(200ms);
    const tests::TempFolder folder;
    const auto toml = folder.write("parley.toml", "[bus]\nendpoint = \"" + settings_.house.endpoint + "\"\n");
    tests::Process pool({{PARLEY_BIN_DIR "/parley-worker", "--settings", toml.string(), "--workers", "1"}, folder.path() / "log"});
    ask("echo $$; sleep 60 & echo $!; setsid sh -c 'echo $$; sleep 60; sleep 60' & wait");
    until([&] { return lines() == 3; }, "three pids");
    const auto id = std::to_string(pool.pid());
    pid_t worker = 0;
    std::ifstream("/proc/" + id + "/task/" + id + "/children") >> worker;
    ASSERT_GT(worker, 0) << pool.output();
    ::kill(worker, SIGKILL);
    EXPECT_EQ(finished().outcome, Outcome::lost);
    EXPECT_EQ(pids().size(), 3U);
    // The broker does not wait for the pool, which ends them one after the other.
    const auto gone = [this] {
        const auto all = pids();
        return std::none_of(all.begin(), all.end(), alive);
    };
    EXPECT_TRUE(tests::wait_until(gone)) << output();
}

}  // namespace
}  // namespace parley::broker
