// What is on the disks: the stores under LMDB's own functions (lmdb.cpp, linked instead of liblmdb), in memory. A commit
// outlives the death of its process; a power cut takes back what was not synced.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/simulation/world.h"

namespace parley::simulation {

struct Store {
    struct Undo {
        unsigned table;
        std::string key;
        std::optional<std::string> before;
    };
    struct Commit {
        std::vector<Undo> undo;
        bool posthumous = false;  // by a process that was dead already: never happened
    };
    using Table = std::map<std::string, std::string, std::less<>>;

    Process* process = nullptr;
    std::vector<std::string> names;
    std::deque<Table> tables;  // a table stays where it is
    std::vector<Commit> unsynced;  // oldest first
    bool forgetful = false;        // the table of a sabotage is emptied as soon as the log was done over

    unsigned table(std::string_view name);
    void take_back(std::size_t commits);  // the newest
    void forget(std::string_view name);   // a table
};

class Disk {
public:
    explicit Disk(World& world) : world_(world) {}
    Store& store(const std::string& path) { return stores_[path]; }
    // `power`: the machine lost it, not only the process its life.
    void process_died(const Process& process, bool power);

    std::uint64_t commits = 0;

private:
    World& world_;
    std::map<std::string, Store> stores_;
};

}  // namespace parley::simulation
