// How fast the broker takes and hands on events: a real Broker on ipc, one publisher, one follower, all in one process
// and on one thread, so the figures are a floor. Every event is counted: one that does not arrive ends in an error.
#include <fmt/format.h>

#include <stdexcept>
#include <vector>

#include "broker/service/log.h"
#include "tests/support/process.h"
#include "tools/measure/figures.h"
#include "tools/measure/in_process.h"
#include "tools/measure/processes.h"

namespace {

using namespace parley;
using namespace std::chrono_literals;
using measure::Json;
using measure::message;
using measure::Steady;

constexpr auto patience = 120s;

class Bench : measure::InProcess {
public:
    explicit Bench(const std::filesystem::path& folder) : InProcess(folder) {
        settings_.house.accounts = {{"lobby", "irc"}, {"work", "xmpp"}};
        settings_.house.gateways = {{"ops", {{"lobby", "#ops"}, {"work", "ops"}}}};
        start();
    }

    // One after another: what a single message waits for.
    Json latency(std::size_t rounds) {
        bus::Client from(reactor_, options("lobby")), to(reactor_, options("work"));
        std::vector<double> acknowledged, delivered;
        auto sent = Steady::now();
        const auto last = number_ + rounds;
        std::size_t open = 0;
        const auto took = [&] { return measure::microseconds(Steady::now() - sent); };
        const std::function<void()> next = [&] {
            if (number_ == last) return reactor_.stop();
            open = 2;
            sent = Steady::now();
            from.publish(message(number_++), [&](const service::Result<bus::Sequence>&) {
                acknowledged.push_back(took());
                if (--open == 0) reactor_.post(next);
            });
        };
        follow(to, [&] {
            delivered.push_back(took());
            if (--open == 0) reactor_.post(next);
        });
        from.on_link([&](bool up) {
            if (up) next();
        });
        until_stopped(patience);
        return Json().add("durable", measure::latency(acknowledged)).add("followed", measure::latency(delivered));
    }

    // What the broker can take, with so many on their way.
    Json throughput(std::size_t events, std::size_t in_flight) {
        bus::Client from(reactor_, options("lobby")), to(reactor_, options("work"));
        std::size_t acknowledged = 0, delivered = 0, published = 0;
        const auto begin = Steady::now();
        auto durable = begin, followed = begin;
        const auto whole = [&] {
            if (acknowledged == events && delivered == events) reactor_.stop();
        };
        const std::function<void()> more = [&] {
            for (; published < events && published - acknowledged < in_flight; ++published) {
                from.publish(message(number_++), [&](const service::Result<bus::Sequence>& done) {
                    if (!done) throw std::runtime_error(done.error().text());
                    if (++acknowledged == events) durable = Steady::now();
                    if (acknowledged % (in_flight / 8) == 0) reactor_.post(more);
                    whole();
                });
            }
        };
        follow(to, [&] {
            if (++delivered == events) followed = Steady::now();
            whole();
        });
        more();
        until_stopped(patience);
        const auto rate = [&](Steady::time_point end) { return static_cast<double>(events) / measure::seconds(end - begin); };
        return Json().add("durable_per_second", rate(durable)).add("followed_per_second", rate(followed));
    }

private:
    void follow(bus::Client& client, std::function<void()> each) {
        bus::FollowOptions options;
        options.filter.deliver_to = "work";
        options.start = bus::FollowOptions::Start::beginning;
        client.follow(options, [&client, each = std::move(each)](const std::vector<bus::Followed>& events) {
            client.acknowledge(events.back().event.sequence);
            for (std::size_t i = 0; i < events.size(); ++i) each();
        });
    }

};

}  // namespace

int main(int argc, char** argv) {
    measure::Options options(argc, argv, "usage: measure_bus [--events 50000] [--rounds 500]");
    const auto events = static_cast<std::size_t>(options.number("events", 50'000)), rounds = static_cast<std::size_t>(options.number("rounds", 500));
    options.finish();
    service::log::set_level(service::log::Level::warning);
    try {
        const tests::TempFolder one("parley-bus"), few("parley-bus"), many("parley-bus");
        Json out;
        out.add("one", Bench(one.path()).latency(rounds));
        out.add("few", Bench(few.path()).throughput(events / 4, 64));
        out.add("many", Bench(many.path()).throughput(events, 8192));
        fmt::print("{}\n", out.add("load_average", measure::load_average()).text());
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_bus: {}\n", error.what());
        return 1;
    }
    return 0;
}
