// What a message costs as the house grows: more followers, more rooms, a longer journal. A real Broker on ipc, its clients
// on the same thread, 64 events on their way. Every event is counted at every follower: one that does not arrive is an error.
#include <fmt/format.h>
#include <sys/resource.h>

#include <stdexcept>
#include <vector>

#include "broker/bus/codec.h"
#include "broker/journal/journal.h"
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

constexpr auto patience = 300s;
constexpr std::size_t in_flight = 64, prefilled_at_once = 20'000;

struct Shape {
    std::string name;
    std::size_t followers = 1, rooms = 1, journal = 0;
};

double processor_us() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return 1e6 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

std::string room(std::size_t number) { return fmt::format("#room-{}", number); }

// As if so many had passed before.
void prefill(const std::filesystem::path& folder, std::size_t events) {
    store::Env env(folder / "journal", {.sync = store::Sync::on_demand});
    journal::Journal journal(env);
    const service::SystemClock clock;
    for (std::size_t done = 0; done < events;) {
        journal::Journal::Batch batch(journal, clock.now());
        for (const auto end = std::min(events, done + prefilled_at_once); done < end; ++done) {
            const auto event = message(1'000'000'000 + done, room(0));
            batch.append(event.id, bus::encode(event));
        }
        batch.commit();
    }
    env.sync();
}

class House : measure::InProcess {
public:
    House(const std::filesystem::path& folder, const Shape& shape) : InProcess(folder), shape_(shape) {
        settings_.house.accounts = {{"lobby", "irc"}};
        for (std::size_t f = 0; f < shape.followers; ++f) settings_.house.accounts[account(f)] = "irc";
        for (std::size_t r = 0; r < shape.rooms; ++r) {
            std::vector<bus::RoomAddress> rooms{{"lobby", room(r)}};
            for (std::size_t f = 0; f < shape.followers; ++f) rooms.push_back({account(f), room(r)});
            settings_.house.gateways.push_back({fmt::format("g{}", r), std::move(rooms), {}});
        }
    }

    // Milliseconds until the broker has taken a first event, and has it on disk.
    double ready() {
        const auto begin = Steady::now();
        start();
        from_ = std::make_unique<bus::Client>(reactor_, options("lobby"));
        from_->publish(next(), [&](const service::Result<bus::Sequence>& done) {
            if (!done) throw std::runtime_error(done.error().text());
            reactor_.stop();
        });
        until_stopped(patience);
        return measure::microseconds(Steady::now() - begin) / 1000;
    }

    Json cost(std::size_t events) {
        std::size_t delivered = 0, acknowledged = 0, published = 0;
        const auto whole = [&] {
            if (acknowledged == events && delivered == events * shape_.followers) reactor_.stop();
        };
        std::vector<std::unique_ptr<bus::Client>> followers;
        std::size_t following = 0;
        for (std::size_t f = 0; f < shape_.followers; ++f) {
            auto& client = *followers.emplace_back(std::make_unique<bus::Client>(reactor_, options(account(f))));
            bus::FollowOptions follow;
            follow.filter.deliver_to = account(f);
            follow.start = bus::FollowOptions::Start::now;
            client.follow(follow, [&](const std::vector<bus::Followed>& got) {
                client.acknowledge(got.back().event.sequence);
                delivered += got.size();
                whole();
            });
            client.query("broker", "status", bus::Value::map({}).encode(), 10s, [&](const service::Result<std::string>&) {  // it follows by then
                if (++following == shape_.followers) reactor_.stop();
            });
        }
        until_stopped(patience);
        const std::function<void()> more = [&] {
            for (; published < events && published - acknowledged < in_flight; ++published) {
                from_->publish(next(), [&](const service::Result<bus::Sequence>& done) {
                    if (!done) throw std::runtime_error(done.error().text());
                    if (++acknowledged % (in_flight / 8) == 0) reactor_.post(more);
                    whole();
                });
            }
        };
        const auto begin = Steady::now();
        const auto processor = processor_us();
        more();
        until_stopped(patience);
        const auto took = measure::seconds(Steady::now() - begin), all = static_cast<double>(events);
        return Json().add("per_second", all / took).add("processor_us", (processor_us() - processor) / all);
    }

private:
    bus::Event next() {
        const auto number = number_++;
        return message(number, room(number % shape_.rooms));
    }
    static std::string account(std::size_t number) { return fmt::format("work-{}", number); }

    Shape shape_;
    std::unique_ptr<bus::Client> from_;
};

Json measured(const Shape& shape, std::size_t events) {
    const tests::TempFolder folder("parley-growth");
    if (shape.journal > 0) prefill(folder.path(), shape.journal);
    House house(folder.path(), shape);
    const auto ready = house.ready();
    auto out = house.cost(events);
    return out.add("name", shape.name).add("ready_ms", ready).add("followers", static_cast<double>(shape.followers))
        .add("rooms", static_cast<double>(shape.rooms)).add("journal", static_cast<double>(shape.journal));
}

}  // namespace

int main(int argc, char** argv) {
    measure::Options options(argc, argv, "usage: measure_growth [--events 20000] [--most-journal 10000000] [--most-rooms 10000]");
    const auto events = static_cast<std::size_t>(options.number("events", 20'000));
    const auto most_journal = static_cast<std::size_t>(options.number("most-journal", 10'000'000)), most_rooms = static_cast<std::size_t>(options.number("most-rooms", 10'000));
    options.finish();
    service::log::set_level(service::log::Level::warning);
    std::vector<Shape> shapes{{.name = "one of each"}};
    for (const std::size_t followers : {8, 32}) shapes.push_back({.name = fmt::format("{} followers", followers), .followers = followers});
    for (std::size_t rooms = 100; rooms <= most_rooms; rooms *= 100) shapes.push_back({.name = fmt::format("{} rooms", rooms), .rooms = rooms});
    for (std::size_t journal = 1000; journal <= most_journal; journal *= 100) shapes.push_back({.name = fmt::format("{} events", journal), .journal = journal});
    try {
        std::vector<Json> rows;
        for (const auto& shape : shapes) rows.push_back(measured(shape, events));
        fmt::print("{}\n", Json().add("rows", rows).add("load_average", measure::load_average()).text());
    } catch (const std::exception& error) {
        fmt::print(stderr, "measure_growth: {}\n", error.what());
        return 1;
    }
    return 0;
}
