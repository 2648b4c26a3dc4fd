#include "tests/faults/simulation/programs.h"

#include <fmt/format.h>

#include <stdexcept>

#include "broker/dispatch/dispatcher.h"
#include "tests/faults/simulation/platform.h"

namespace parley::simulation {
namespace {

using service::Code;

// Each life has its own numbers, and the world's own do not depend on how many a program takes.
class Alone {
protected:
    explicit Alone(const Process& process) : clock_(process), random_(World::here().number()) {}
    service::Reactor reactor_;
    WorldClock clock_;
    service::SeededRandom random_;
};

dispatch::Settings commands_of(const broker::Settings& settings) {
    dispatch::Settings out;
    out.gateways = settings.house.gateways;
    const auto add = [&](const std::string& name, bool idempotent, std::uint32_t at_once) {
        dispatch::Command command;
        command.name = name;
        command.allow = {"*"};
        command.action.kind = bus::Action::Kind::exec;
        command.action.argv = {name};
        command.action.idempotent = idempotent;
        command.action.concurrency_key = name;
        command.action.concurrency_max = at_once;
        out.commands[name] = command;
    };
    add("deploy", false, 1);
    add("count", false, 0);
    add("look", true, 0);
    return out;
}

class BrokerProgram final : public Program, Alone {
public:
    BrokerProgram(const Process& process, const broker::Settings& settings) : Alone(process), dispatcher_(commands_of(settings)) {
        broker::Commands commands;
        commands.consider = [this](const bus::Event& message) { return dispatcher_.consider(message); };
        auto started = broker::Broker::start(reactor_, clock_, random_, settings, std::move(commands));
        if (!started) throw std::runtime_error(started.error().text());
        broker_ = std::move(*started);
    }

private:
    dispatch::Dispatcher dispatcher_;
    std::unique_ptr<broker::Broker> broker_;
};

class BridgeProgram final : public Program, Alone {
public:
    BridgeProgram(const Process& process, kit::BridgeOptions options, ChatServer& chat, std::vector<std::string> rooms, const kit::Bridge*& place)
        : Alone(process), bridge_(reactor_, clock_, random_, std::move(options)), place_(place) {
        place_ = &bridge_;
        bridge_.start([&](kit::Host& host) { return std::make_unique<StrawPlatform>(host, reactor_, clock_, random_, chat, std::move(rooms)); });
    }
    ~BridgeProgram() override {
        bridge_.stop();
        place_ = nullptr;
    }

private:
    kit::Bridge bridge_;
    const kit::Bridge*& place_;
};

// Says that it began, something in between, and how it ended; as broker/bots does it, without programs to run.
class WorkerProgram final : public Program, Alone {
public:
    WorkerProgram(const Process& process, const bus::HouseSettings& house, std::function<void(const bus::EventId&, bool)> executed)
        : Alone(process), name_(process.name), executed_(std::move(executed)), client_(reactor_, {house.endpoint, name_, bus::Role::worker, {}, 65536}) {
        client_.lease(2, [this](bus::Job job) { run(job); }, [](bus::EventId) {});
    }

private:
    bus::Event event(const bus::Job& job, std::string_view what, std::uint64_t ordinal, bus::Body body) const {
        bus::Event event;
        event.id = bus::derived_id({"run", job.requested.id.view(), what, std::to_string(job.attempt), std::to_string(ordinal)});
        event.time = event.received = clock_.now();
        event.origin = job.requested.origin;
        event.origin.native_id.clear();
        event.author = bus::ourselves("parley");
        event.correlation = job.requested.id;
        event.body = std::move(body);
        return event;
    }
    void run(const bus::Job& job) {
        const auto& asked = std::get<bus::CommandRequested>(job.requested.body);
        client_.publish(event(job, "started", job.attempt, bus::RunStarted{job.requested.id, name_, job.attempt}));
        if (!World::here().effect()) return;  // the program was not started any more
        executed_(job.requested.id, asked.action.idempotent);
        const auto outputs = World::here().below(3);
        for (std::uint64_t i = 0; i < outputs; ++i) {
            bus::RunOutput output;
            output.run = job.requested.id;
            output.ordinal = i;
            output.data = "line\n";
            output.shown = bus::Text(fmt::format("{} line {} of {}", asked.command, i, job.requested.id.brief()));
            client_.publish(event(job, "output", i, std::move(output)));
        }
        const auto took = std::chrono::microseconds(World::here().chance(0.7) ? World::here().between(1_ms, 300_ms) : World::here().between(300_ms, 6_s));
        const auto key = ++runs_;
        timers_[key] = reactor_.after(took, [this, job, key] {
            bus::RunFinished finished;
            finished.run = job.requested.id;
            finished.exit_code = 0;
            finished.shown = bus::Text("done: " + job.requested.id.brief());
            client_.finish(job, event(job, "finished", 0, std::move(finished)));
            timers_.erase(key);
        });
    }

    std::string name_;
    std::function<void(const bus::EventId&, bool)> executed_;
    bus::Client client_;
    std::map<std::uint64_t, service::Reactor::Handle> timers_;
    std::uint64_t runs_ = 0;
};

}  // namespace

std::unique_ptr<Program> make_broker(const Process& process, const broker::Settings& settings) { return std::make_unique<BrokerProgram>(process, settings); }

std::unique_ptr<Program> make_bridge(const Process& process, kit::BridgeOptions options, ChatServer& chat, std::vector<std::string> rooms, const kit::Bridge*& bridge) {
    return std::make_unique<BridgeProgram>(process, std::move(options), chat, std::move(rooms), bridge);
}

std::unique_ptr<Program> make_worker(const Process& process, const bus::HouseSettings& house, std::function<void(const bus::EventId&, bool)> executed) {
    return std::make_unique<WorkerProgram>(process, house, std::move(executed));
}

}  // namespace parley::simulation
