#include "tests/faults/simulation/disk.h"

#include <algorithm>

namespace parley::simulation {

unsigned Store::table(std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<unsigned>(found - names.begin());
    names.emplace_back(name);
    tables.emplace_back();
    return static_cast<unsigned>(names.size() - 1);
}

void Store::take_back(std::size_t commits) {
    for (; commits > 0 && !unsynced.empty(); --commits) {
        auto& undo = unsynced.back().undo;
        for (auto one = undo.rbegin(); one != undo.rend(); ++one) {
            if (one->before) tables[one->table].insert_or_assign(std::move(one->key), std::move(*one->before));
            else tables[one->table].erase(one->key);
        }
        unsynced.pop_back();
    }
}

void Store::forget(std::string_view name) {
    const auto forgotten = std::find(names.begin(), names.end(), name);
    if (forgotten != names.end()) tables[static_cast<unsigned>(forgotten - names.begin())].clear();
    forgetful = false;
}

void Disk::process_died(const Process& process, bool power) {
    for (auto& [path, store] : stores_) {
        if (store.process != &process) continue;
        while (!store.unsynced.empty() && store.unsynced.back().posthumous) store.take_back(1);
        if (power) {
            store.take_back(world_.below(store.unsynced.size() + 1));
            store.unsynced.clear();
        }
        store.forgetful = true;
    }
}

}  // namespace parley::simulation
