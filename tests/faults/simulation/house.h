// A whole house in one process: the broker, a bridge for each account, workers. Each is the real code on its own reactor; it
// dies, is started again as by a supervisor, and finds on its disk what it had written.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridges/kit/bridge.h"
#include "broker/broker.h"
#include "tests/faults/simulation/chat.h"
#include "tests/faults/simulation/world.h"

namespace parley::simulation {

// What runs while a process lives.
class Program {
public:
    virtual ~Program() = default;
};

class House {
public:
    // `folder`: for the few real files; its own for each thread.
    House(World& world, std::filesystem::path folder);
    ~House();

    // Before start().
    Process& add_account(const std::string& account, std::vector<std::string> rooms, Habits habits, kit::OutboxLimits outbox, std::uint64_t spool_bytes_max);
    void add_gateway(const std::string& name, std::vector<bus::RoomAddress> rooms);
    Process& add_worker(const std::string& name);
    void start();

    enum class Death { killed, power_cut, told_to };
    void end(Process& process, Death how);
    // It begins anew at most so much later.
    Micros restart_most = 4_s;

    std::vector<Process*> processes();
    Process& process(const std::string& account) { return bridges_.at(account)->process; }
    bool runs(const Process& process) const;
    ChatServer& chat(const std::string& account) { return *bridges_.at(account)->chat; }
    std::vector<std::string> accounts() const;
    const std::vector<std::string>& rooms(const std::string& account) const { return bridges_.at(account)->rooms; }
    const broker::Settings& settings() const { return settings_; }
    std::string journal_folder() const { return (folder_ / "journal").string(); }
    // Everything has come to rest.
    bool settled(std::string* why_not = nullptr);
    void end_all();

    std::map<bus::EventId, int> executions;  // of runs
    std::set<bus::EventId> idempotent;       // those that may be run again

private:
    struct Resident {
        virtual ~Resident() = default;
        Process process;
        std::unique_ptr<Program> program;
        Death how = Death::killed;
    };
    struct BridgeResident : Resident {
        std::string account;
        std::vector<std::string> rooms;
        std::unique_ptr<ChatServer> chat;
        kit::OutboxLimits outbox;
        std::uint64_t spool_bytes_max = 0;
        const kit::Bridge* bridge = nullptr;
    };
    void prepare(Resident& resident, const std::string& name);
    void begin(Resident& resident);
    void reap(Resident& resident);
    void run(Resident& resident, const std::function<std::unique_ptr<Program>()>& make);
    std::unique_ptr<Program> make(Resident& resident);
    Resident& resident(const Process& process);

    World& world_;
    std::filesystem::path folder_;
    broker::Settings settings_;
    Resident broker_;
    std::map<std::string, std::unique_ptr<BridgeResident>> bridges_;
    std::map<std::string, std::unique_ptr<Resident>> workers_;
    bool over_ = false;
};

}  // namespace parley::simulation
