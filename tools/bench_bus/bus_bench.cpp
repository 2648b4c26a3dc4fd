// How fast the broker takes and hands on events: a real Broker on ipc, one publisher, one follower, all in one process
// and on one thread, so the figures are a floor. Usage: bench_bus [events] [folder]; the folder decides the disk.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "broker/broker.h"
#include "broker/bus/client.h"

namespace {

using namespace parley;
using Steady = std::chrono::steady_clock;

bus::Event message(std::size_t number) {
    bus::Event event;
    const auto native_id = std::to_string(number);
    event.id = bus::derived_id({"lobby", "#ops", native_id, "message", "0"});
    event.origin = {{"lobby", "#ops"}, native_id, bus::Visibility::everyone};
    event.author = {"bob", "bob", bus::Strength::nickname, false, ""};
    event.body = bus::Message{bus::Text("the quick brown fox has restarted nginx on web-03, and looks at the log"), {}, {}, {}, {}};
    return event;
}

double percentile(std::vector<double>& sorted, double part) {
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

class Bench {
public:
    Bench(const std::filesystem::path& folder, std::size_t events) : events_(events) {
        settings_.house.data = folder;
        settings_.house.endpoint = "ipc://" + folder.string() + "/run/broker";
        settings_.house.accounts = {{"lobby", "irc"}, {"work", "xmpp"}};
        settings_.house.gateways = {{"ops", {{"lobby", "#ops"}, {"work", "ops"}}}};
        auto started = broker::Broker::start(reactor_, settings_, {});
        if (!started) throw std::runtime_error(started.error().text());
        broker_ = std::move(*started);
    }

    // One after another: what a single message waits for.
    void latency(std::size_t rounds) {
        bus::Client from(reactor_, options("lobby")), to(reactor_, options("work"));
        std::vector<double> acknowledged, delivered;
        auto sent = Steady::now();
        std::size_t number = events_, open = 0;
        const auto took = [&] { return std::chrono::duration<double, std::micro>(Steady::now() - sent).count(); };
        const std::function<void()> next = [&] {
            if (number == events_ + rounds) return reactor_.stop();
            open = 2;
            sent = Steady::now();
            from.publish(message(number++), [&](const service::Result<bus::Sequence>&) {
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
        reactor_.run();
        for (auto* all : {&acknowledged, &delivered}) std::sort(all->begin(), all->end());
        fmt::print("one at a time, {} rounds\n", rounds);
        fmt::print("  durable and acknowledged   p50 {:8.0f} us   p99 {:8.0f} us\n", percentile(acknowledged, 0.5), percentile(acknowledged, 0.99));
        fmt::print("  at the follower            p50 {:8.0f} us   p99 {:8.0f} us\n", percentile(delivered, 0.5), percentile(delivered, 0.99));
    }

    // All at once: what the broker can take.
    void throughput() {
        bus::Client from(reactor_, options("lobby")), to(reactor_, options("work"));
        std::size_t acknowledged = 0, delivered = 0, published = 0;
        const auto begin = Steady::now();
        auto durable = begin;
        const std::function<void()> more = [&] {
            constexpr std::size_t in_flight = 8192;
            while (published < events_ && published - acknowledged < in_flight) {
                from.publish(message(published++), [&](const service::Result<bus::Sequence>&) {
                    if (++acknowledged == events_) durable = Steady::now();
                    if (acknowledged % 1024 == 0) reactor_.post(more);
                });
            }
        };
        follow(to, [&] {
            if (++delivered == events_) reactor_.stop();
        });
        more();
        reactor_.run();
        const auto seconds = [&](Steady::time_point end) { return std::chrono::duration<double>(end - begin).count(); };
        fmt::print("{} events at once\n", events_);
        fmt::print("  durable and acknowledged   {:8.0f} events/s\n", static_cast<double>(events_) / seconds(durable));
        fmt::print("  at the follower            {:8.0f} events/s\n", static_cast<double>(events_) / seconds(Steady::now()));
    }

private:
    bus::ClientOptions options(const std::string& account) const {
        bus::ClientOptions out;
        out.endpoint = settings_.house.endpoint;
        out.name = account;
        out.role = bus::Role::bridge;
        return out;
    }
    void follow(bus::Client& client, std::function<void()> each) {
        bus::FollowOptions options;
        options.cursor = "bench";
        options.filter.deliver_to = "work";
        client.follow(options, [&client, each = std::move(each)](const std::vector<bus::Followed>& events) {
            client.acknowledge(events.back().event.sequence);
            for (std::size_t i = 0; i < events.size(); ++i) each();
        });
    }

    service::Reactor reactor_;
    broker::Settings settings_;
    std::unique_ptr<broker::Broker> broker_;
    std::size_t events_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::size_t events = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50'000;
    std::string pattern = (std::filesystem::path(argc > 2 ? argv[2] : "/tmp") / "parley-bench-XXXXXX").string();
    if (events == 0 || ::mkdtemp(pattern.data()) == nullptr) {
        fmt::print(stderr, "usage: bench_bus [events] [folder]\n");
        return 2;
    }
    try {
        Bench(pattern, events).throughput();
        Bench(pattern, events).latency(500);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_bus: {}\n", error.what());
        return 1;
    }
    std::filesystem::remove_all(pattern);
    return 0;
}
