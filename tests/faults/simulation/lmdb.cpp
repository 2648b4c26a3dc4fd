// The functions of LMDB that broker/store calls, over the simulated disk; linked instead of liblmdb's.
#include <lmdb.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "broker/service/invariant.h"
#include "tests/faults/simulation/disk.h"

using parley::service::invariant;
using parley::simulation::Store;
using parley::simulation::World;

struct MDB_env {
    Store* store = nullptr;
    unsigned flags = 0;
    int reading = 0;
    bool writing = false;
};

struct MDB_txn {
    MDB_env* env = nullptr;
    bool read_only = false;
    std::vector<Store::Undo> undo;
};

struct MDB_cursor {
    MDB_txn* txn = nullptr;
    unsigned table = 0;
    std::string key;
};

namespace {

std::string_view view(const MDB_val* value) { return {static_cast<const char*>(value->mv_data), value->mv_size}; }
MDB_val val(const std::string& bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
Store::Table& table_of(MDB_txn* txn, unsigned table) { return txn->env->store->tables[table]; }
bool blind(MDB_txn* txn, unsigned table) {
    const auto& name = World::here().sabotage.blind;
    return !name.empty() && txn->env->store->names[table] == name;
}

void end(MDB_txn* txn) {
    if (txn->read_only) --txn->env->reading;
    else txn->env->writing = false;
    delete txn;
}

void undo(MDB_txn* txn) {
    if (txn->undo.empty()) return;
    txn->env->store->unsynced.push_back({std::move(txn->undo), false});
    txn->env->store->take_back(1);
}

}  // namespace

extern "C" {

char* mdb_strerror(int code) {
    if (code == MDB_MAP_FULL) return const_cast<char*>("MDB_MAP_FULL: Environment mapsize limit reached");
    return std::strerror(code);
}
int mdb_env_create(MDB_env** env) {
    *env = new MDB_env;
    return 0;
}
int mdb_env_set_mapsize(MDB_env*, size_t) { return 0; }
int mdb_env_set_maxdbs(MDB_env*, MDB_dbi) { return 0; }
int mdb_env_set_maxreaders(MDB_env*, unsigned) { return 0; }
int mdb_env_open(MDB_env* env, const char* path, unsigned flags, mdb_mode_t) {
    env->store = &World::here().disk().store(path);
    if (World::here().current() != nullptr) env->store->process = World::here().current();
    env->flags = flags;
    return 0;
}
void mdb_env_close(MDB_env* env) { delete env; }
int mdb_reader_check(MDB_env*, int* dead) {
    *dead = 0;
    return 0;
}
int mdb_env_sync(MDB_env* env, int) {
    auto& world = World::here();
    const auto* process = world.current();
    if (process != nullptr && process->disk_full && world.chance(0.2)) return EIO;
    if (world.effect() && world.sabotage.other != "sync") env->store->unsynced.clear();
    return 0;
}
int mdb_env_info(MDB_env*, MDB_envinfo* info) {
    *info = {};
    return 0;
}
int mdb_env_stat(MDB_env*, MDB_stat* stat) {
    *stat = {};
    stat->ms_psize = 4096;
    return 0;
}
int mdb_env_get_flags(MDB_env* env, unsigned* flags) {
    *flags = env->flags;
    return 0;
}

int mdb_txn_begin(MDB_env* env, MDB_txn*, unsigned flags, MDB_txn** txn) {
    const bool read_only = (flags & MDB_RDONLY) != 0;
    // There are no snapshots here: who reads while something is written would see half of it.
    invariant(!env->writing && (read_only || env->reading == 0), "a transaction is read and another written at once");
    *txn = new MDB_txn{env, read_only, {}};
    if (read_only) ++env->reading;
    else env->writing = true;
    return 0;
}
void mdb_txn_abort(MDB_txn* txn) {
    undo(txn);
    end(txn);
}
int mdb_txn_commit(MDB_txn* txn) {
    auto& world = World::here();
    const auto* process = world.current();
    if (!txn->read_only && !txn->undo.empty()) {
        if (process != nullptr && process->disk_full) {
            mdb_txn_abort(txn);
            return world.chance(0.5) ? ENOSPC : EIO;
        }
        auto& store = *txn->env->store;
        ++world.disk().commits;
        const bool alive = world.effect();
        const bool synced = alive && (txn->env->flags & MDB_NOSYNC) == 0;
        if (synced) store.unsynced.clear();
        else store.unsynced.push_back({std::move(txn->undo), !alive});
        if (alive && store.forgetful) store.forget(world.sabotage.forgets);  // the first commit of a life is of what the log held
    }
    end(txn);
    return 0;
}

int mdb_dbi_open(MDB_txn* txn, const char* name, unsigned, MDB_dbi* table) {
    *table = txn->env->store->table(name);
    return 0;
}
int mdb_get(MDB_txn* txn, MDB_dbi table, MDB_val* key, MDB_val* value) {
    const auto& entries = table_of(txn, table);
    const auto found = entries.find(view(key));
    if (found == entries.end() || blind(txn, table)) return MDB_NOTFOUND;
    *value = val(found->second);
    return 0;
}
int mdb_put(MDB_txn* txn, MDB_dbi table, MDB_val* key, MDB_val* value, unsigned flags) {
    if (key->mv_size == 0 || key->mv_size > 511) return MDB_BAD_VALSIZE;
    auto& entries = table_of(txn, table);
    const auto next = entries.lower_bound(view(key));
    const auto at = next == entries.end() || next->first != view(key) ? entries.end() : next;
    if ((flags & MDB_NOOVERWRITE) != 0 && at != entries.end() && !blind(txn, table)) return MDB_KEYEXIST;
    if ((flags & MDB_APPEND) != 0 && !entries.empty() && entries.rbegin()->first >= view(key)) return MDB_KEYEXIST;
    std::string fresh(view(value));  // it may stand in what it takes the place of
    if (at != entries.end()) {
        txn->undo.push_back({table, at->first, std::exchange(at->second, std::move(fresh))});
    } else {
        txn->undo.push_back({table, entries.emplace_hint(next, view(key), std::move(fresh))->first, std::nullopt});
    }
    return 0;
}
int mdb_del(MDB_txn* txn, MDB_dbi table, MDB_val* key, MDB_val*) {
    auto& entries = table_of(txn, table);
    const auto at = entries.find(view(key));
    if (at == entries.end()) return MDB_NOTFOUND;
    auto gone = entries.extract(at);
    txn->undo.push_back({table, std::move(gone.key()), std::move(gone.mapped())});
    return 0;
}
int mdb_stat(MDB_txn* txn, MDB_dbi table, MDB_stat* stat) {
    *stat = {};
    stat->ms_entries = table_of(txn, table).size();
    return 0;
}

int mdb_cursor_open(MDB_txn* txn, MDB_dbi table, MDB_cursor** cursor) {
    *cursor = new MDB_cursor{txn, table, {}};
    return 0;
}
void mdb_cursor_close(MDB_cursor* cursor) { delete cursor; }
int mdb_cursor_get(MDB_cursor* cursor, MDB_val* key, MDB_val* value, MDB_cursor_op operation) {
    auto& entries = table_of(cursor->txn, cursor->table);
    auto at = entries.end();
    switch (operation) {
        case MDB_FIRST: at = entries.begin(); break;
        case MDB_LAST: at = entries.empty() ? entries.end() : std::prev(entries.end()); break;
        case MDB_NEXT: at = entries.upper_bound(cursor->key); break;
        case MDB_PREV:
            at = entries.lower_bound(cursor->key);
            at = at == entries.begin() ? entries.end() : std::prev(at);
            break;
        case MDB_SET_RANGE: at = entries.lower_bound(view(key)); break;
        default: return EINVAL;
    }
    if (at == entries.end()) return MDB_NOTFOUND;
    cursor->key = at->first;
    *key = val(at->first);
    *value = val(at->second);
    return 0;
}

}  // extern "C"
