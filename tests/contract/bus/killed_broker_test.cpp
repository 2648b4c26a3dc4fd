// What a client promises when the real broker is killed under it, again and again.
#include <gmock/gmock.h>

#include "broker/bus/client.h"
#include "tests/support/process.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

struct KilledBroker : testing::Test {
    KilledBroker() {
        settings = folder.write("parley.toml", "[parley]\ndata = \"" + (folder.path() / "var").string() +
                                                   "\"\n[account.lobby]\nplatform = \"none\"\n[account.work]\nplatform = \"none\"\n"
                                                   "[gateway.ops]\nrooms = [\"lobby/#ops\", \"work/ops\"]\n");
        endpoint = "ipc://" + (folder.path() / "var" / "run" / "broker").string();
    }
    void start() {
        broker = std::make_unique<tests::Process>(tests::Process::Options{
            .argv = {std::string(PARLEY_BIN_DIR) + "/parley-broker", "--settings", settings.string()}, .log = folder.path() / "broker.log"});
    }
    bus::ClientOptions options(std::string name, bus::Role role) const { return {.endpoint = endpoint, .name = std::move(name), .role = role}; }

    static bus::Event message(int number) {
        bus::Event event;
        event.origin = {{"lobby", "#ops"}, "m" + std::to_string(number), bus::Visibility::everyone};
        event.id = bus::derived_id({"lobby", "#ops", event.origin.native_id, "message", "0"});
        event.author.id = event.author.name = "alice";
        bus::Message body;
        body.text = std::to_string(number);
        event.body = std::move(body);
        return event;
    }
    template <class Condition>
    bool until(Condition done, std::chrono::milliseconds deadline = 20s) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            reactor.run_for(2ms);
        }
        return true;
    }

    tests::TempFolder folder;
    std::filesystem::path settings;
    std::string endpoint;
    service::Reactor reactor;
    std::unique_ptr<tests::Process> broker;
};

TEST_F(KilledBroker, LosesNothingAndDoublesNothing) {
    constexpr int messages = 6000, in_flight_max = 400, kills = 5;
    start();
    bus::Client speaker(reactor, options("lobby", bus::Role::bridge));
    bus::Client listener(reactor, options("work", bus::Role::bridge));
    std::vector<int> heard;
    listener.follow({.cursor = "work", .filter = {.deliver_to = "work"}, .credit = 256}, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) heard.push_back(std::stoi(std::get<bus::Message>(followed.event.body).text.plain));
        listener.acknowledge(events.back().event.sequence);
    });
    int said = 0, acknowledged = 0, refused = 0, killed = 0;
    ASSERT_TRUE(until([&] {
        while (said < messages && said - acknowledged < in_flight_max) {
            speaker.publish(message(said++), [&](service::Result<bus::Sequence> sequence) { ++(sequence ? acknowledged : refused); });
        }
        if (killed < kills && acknowledged > (killed + 1) * messages / (kills + 1)) {
            broker->kill();  // in mid-stream
            ++killed;
            start();
        }
        return static_cast<int>(heard.size()) >= messages && acknowledged == messages;
    })) << "heard " << heard.size() << ", acknowledged " << acknowledged << "\n" << tests::read_file(folder.path() / "broker.log");
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(killed, kills);
    ASSERT_EQ(heard.size(), static_cast<std::size_t>(messages));
    for (int i = 0; i < messages; ++i) ASSERT_EQ(heard[static_cast<std::size_t>(i)], i);
}

TEST_F(KilledBroker, AFollowerThatComesBackGoesOnFromItsCursor) {
    start();
    bus::Client speaker(reactor, options("lobby", bus::Role::bridge));
    int acknowledged = 0;
    const auto count = [&](service::Result<bus::Sequence> s) { acknowledged += s.has_value(); };
    std::vector<int> heard;
    const auto listen = [&](int last) {
        bus::Client listener(reactor, options("work", bus::Role::bridge));
        listener.follow({.cursor = "work", .filter = {.deliver_to = "work"}}, [&](std::vector<bus::Followed> events) {
            for (const auto& followed : events) heard.push_back(std::stoi(std::get<bus::Message>(followed.event.body).text.plain));
            listener.acknowledge(events.back().event.sequence);
        });
        return until([&] { return !heard.empty() && heard.back() == last; });
    };
    for (int i = 0; i < 10; ++i) speaker.publish(message(i), count);
    ASSERT_TRUE(listen(9));
    for (int i = 10; i < 20; ++i) speaker.publish(message(i), count);
    ASSERT_TRUE(until([&] { return acknowledged == 20; }));
    // A cursor is written at most a second late, so a kill may repeat what was said in it, and never leaves anything out.
    broker->kill();
    start();
    heard.clear();
    ASSERT_TRUE(listen(19));
    EXPECT_THAT(heard, testing::IsSupersetOf({10, 11, 12, 13, 14, 15, 16, 17, 18, 19}));
}

}  // namespace
}  // namespace parley
