#include "tests/faults/simulation/house.h"

#include <algorithm>
#include <utility>
#include <exception>

#include "tests/faults/simulation/disk.h"
#include "tests/faults/simulation/files.h"
#include "tests/faults/simulation/network.h"
#include "tests/faults/simulation/programs.h"

namespace parley::simulation {

House::House(World& world, std::filesystem::path folder) : world_(world), folder_(std::move(folder)) {
    world_.files().folder = folder_.string();
    settings_.house.data = folder_;
    settings_.house.endpoint = "ipc://" + (folder_ / "run/broker").string();
    prepare(broker_, "broker");
}

House::~House() { end_all(); }

void House::prepare(Resident& resident, const std::string& name) {
    resident.process.name = name;
    resident.process.reap = [this, &resident] { reap(resident); };
}

Process& House::add_account(const std::string& account, std::vector<std::string> rooms, Habits habits, kit::OutboxLimits outbox, std::uint64_t spool_bytes_max) {
    auto& bridge = *(bridges_[account] = std::make_unique<BridgeResident>());
    prepare(bridge, account);
    bridge.account = account;
    bridge.rooms = std::move(rooms);
    bridge.chat = std::make_unique<ChatServer>(world_, account, std::move(habits), bridge.process);
    bridge.outbox = outbox;
    bridge.spool_bytes_max = spool_bytes_max;
    settings_.house.accounts[account] = "straw";
    return bridge.process;
}

void House::add_gateway(const std::string& name, std::vector<bus::RoomAddress> rooms) { settings_.house.gateways.push_back({name, std::move(rooms)}); }

Process& House::add_worker(const std::string& name) {
    auto& worker = *(workers_[name] = std::make_unique<Resident>());
    prepare(worker, name);
    return worker.process;
}

void House::start() {
    for (auto* process : processes()) begin(resident(*process));
}

std::vector<Process*> House::processes() {
    std::vector<Process*> out{&broker_.process};
    for (auto& [name, bridge] : bridges_) out.push_back(&bridge->process);
    for (auto& [name, worker] : workers_) out.push_back(&worker->process);
    return out;
}

House::Resident& House::resident(const Process& process) {
    if (&process == &broker_.process) return broker_;
    if (const auto bridge = bridges_.find(process.name); bridge != bridges_.end()) return *bridge->second;
    return *workers_.at(process.name);
}

bool House::runs(const Process& process) const { return const_cast<House*>(this)->resident(process).program != nullptr; }

std::vector<std::string> House::accounts() const {
    std::vector<std::string> out;
    for (const auto& [name, bridge] : bridges_) out.push_back(name);
    return out;
}

std::unique_ptr<Program> House::make(Resident& resident) {
    if (&resident == &broker_) return make_broker(resident.process, settings_);
    if (auto* bridge = dynamic_cast<BridgeResident*>(&resident)) {
        kit::BridgeOptions options;
        options.account = bridge->account;
        options.folder = folder_ / "bridges" / bridge->account;
        options.house = settings_.house;
        options.outbox = bridge->outbox;
        options.spool_bytes_max = bridge->spool_bytes_max;
        options.held_bytes_max = bridge->spool_bytes_max;
        options.boot = std::to_string(resident.process.boots);
        return make_bridge(resident.process, std::move(options), *bridge->chat, bridge->rooms, bridge->bridge);
    }
    return make_worker(resident.process, settings_.house, [this](const bus::EventId& run, bool again) {
        ++executions[run];
        if (again) idempotent.insert(run);
    });
}

void House::begin(Resident& resident) {
    if (over_ || resident.program) return;
    ++resident.process.life;
    resident.how = Death::killed;
    world_.as(resident.process, [&] {
        world_.trace("starts");
        resident.program = make(resident);
    });
}

void House::end(Process& process, Death how) {
    auto& one = resident(process);
    if (!one.program) return;
    one.how = how;
    if (how != Death::told_to) return world_.die(process);
    world_.as(process, [&] {
        world_.trace("ends as it is told to");
        one.program.reset();
    });
    if (!process.dying) reap(one);  // otherwise it died of it
}

void House::reap(Resident& resident) {
    auto& process = resident.process;
    const bool dead = std::exchange(process.dying, true);
    process.dies_in = 0;
    if (auto* bridge = dynamic_cast<BridgeResident*>(&resident)) bridge->chat->disconnect();
    const auto current = world_.current();
    if (current == nullptr && resident.program) {
        process.reap = [] {};
        world_.as(process, [&] {
            if (dead) world_.trace(resident.how == Death::power_cut ? "loses power" : "is dead");
            resident.program.reset();
        });
        process.reap = [this, &resident] { reap(resident); };
    }
    world_.network().process_died(process);
    world_.disk().process_died(process, resident.how == Death::power_cut);
    world_.files().process_died(process, resident.how == Death::power_cut);
    if (resident.how == Death::power_cut) ++process.boots;
    process.dying = false;
    process.paused_until = 0;
    ++process.life;
    if (!over_) world_.after(world_.between(5_ms, restart_most), [this, &resident] { begin(resident); });
}

bool House::settled(std::string* why_not) {
    const auto no = [&](const std::string& why) {
        if (why_not != nullptr) *why_not = why;
        return false;
    };
    for (auto* process : processes())
        if (!resident(*process).program) return no(process->name + " is not there");
    for (const auto& [account, bridge] : bridges_) {
        const auto status = bridge->bridge->status();
        if (status["link"].text() != "up") return no(account + " is not connected");
        if (status["outbox"].number() > 0 || status["spool"].number() > 0) return no(account + " has something left to say or to tell");
        if (!status["trouble"].text().empty()) return no(account + " has trouble: " + std::string(status["trouble"].text()));
        for (const auto& room : status["rooms"].list())
            if (!room["joined"].boolean()) return no(account + " is not in its room");
        if (!bridge->chat->quiet()) return no(account + " has something on its way");
    }
    auto& store = world_.disk().store(journal_folder());
    if (!store.tables[store.table("jobs")].empty()) return no("a run is open");
    const auto& journal = store.tables[store.table("journal")];
    const auto last = journal.empty() ? std::string(8, '\0') : journal.rbegin()->first;
    const auto& cursors = store.tables[store.table("journal_cursors")];
    for (const auto& [account, bridge] : bridges_) {
        const auto cursor = cursors.find("bridge:" + account);
        if (cursor == cursors.end() || !cursor->second.starts_with(last)) return no(account + " has not read the whole journal");
    }
    return true;
}

void House::end_all() {
    over_ = true;
    for (auto* process : processes()) end(*process, Death::killed);
}

}  // namespace parley::simulation
