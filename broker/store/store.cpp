#include "broker/store/store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "broker/store/failing.h"
#include "broker/store/logged.h"

namespace parley::store {
namespace {

MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

#ifdef __SANITIZE_THREAD__  // its shadow leaves no room for more
constexpr std::uint64_t map_bytes_max = std::uint64_t{1} << 36;
#else
constexpr std::uint64_t map_bytes_max = ~std::uint64_t{0};
#endif

// Pages of the file that were looked at stay mapped, and count as ours, until we give them back; they stay in the
// system's cache all the same.
constexpr unsigned commits_between = 256;
constexpr std::uint64_t growth_between = 4 << 20;  // of the file, in bytes

// Where LMDB mapped a file: it does not say. A line of the system is "from-to flags offset device inode  path".
char* mapping_of(const std::filesystem::path& file) {
    std::error_code failed;
    const auto path = std::filesystem::canonical(file, failed).string();
    if (failed) return nullptr;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const auto slash = line.find('/');
        if (slash == std::string::npos || line.substr(slash) != path) continue;
        return reinterpret_cast<char*>(std::stoull(line, nullptr, 16));
    }
    return nullptr;
}

std::string_view view(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

}  // namespace

Env::Env(const std::filesystem::path& folder, const EnvOptions& options) : folder_(folder) {
    if (!options.read_only) {
        std::filesystem::create_directories(folder.parent_path().empty() ? "." : folder.parent_path());
        ::mkdir(folder.c_str(), 0700);
    }
    const bool logged = options.logged && !options.read_only;
    if (options.only_writer || logged) claim();
    check(mdb_env_create(&env_), "create a store");
    try {
        check(mdb_env_set_mapsize(env_, std::min(options.map_bytes, map_bytes_max)), "set the store's size");
        check(mdb_env_set_maxdbs(env_, options.tables_max), "set the store's tables");
        check(mdb_env_set_maxreaders(env_, options.readers_max), "set the store's readers");
        unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
        // With a log the tables are written seldom, and then for certain; they are nobody else's.
        if (logged) flags |= MDB_NOLOCK;
        else if (options.sync == Sync::on_demand) flags |= MDB_NOSYNC;
        if (options.read_only) flags |= MDB_RDONLY;
        check(mdb_env_open(env_, folder.c_str(), flags, 0600), "open the store " + folder.string());
        int dead = 0;
        mdb_reader_check(env_, &dead);  // slots of killed processes would keep old pages for ever
        map_ = mapping_of(folder / "data.mdb");
        if (options.format > 0) check_format(options);
        if (logged) logged_ = std::make_unique<Logged>(env_, folder, options.sync, [this] { committed(); });
    } catch (...) {
        mdb_env_close(env_);
        if (claim_ >= 0) ::close(claim_);
        throw;
    }
}
Env::~Env() {
    logged_.reset();
    mdb_env_close(env_);
    if (claim_ >= 0) ::close(claim_);
}

void Env::check_format(const EnvOptions& options) {
    constexpr std::string_view key = "number";
    format_ = 1;
    try {
        Table table(*this, "format");
        const auto said = [&]() -> std::optional<unsigned> {
            const ReadTxn txn(*this);
            if (const auto value = table.get(txn, key)) return static_cast<unsigned>(number_of(*value));
            return std::nullopt;
        }();
        format_ = said.value_or(1);
        const bool same = options.same_from > 0 && format_ >= options.same_from && format_ < options.format;
        if ((!said || same) && !options.read_only) {
            WriteTxn txn(*this);
            table.put(txn, key, key_of(same ? options.format : format_));
            txn.commit();
        }
    } catch (const Failure& failure) {
        // A full disk, or one that may only be read, keeps nobody from a store without the table.
        if (!failure.full() && failure.code() != MDB_NOTFOUND) throw;
    }
    if (format_ <= options.format) return;
    check(MDB_VERSION_MISMATCH, "the store " + folder_.string() + " has format " + std::to_string(format_) + ", and this program knows formats up to " + std::to_string(options.format));
}

// A lock that ends with the process, however that ends.
void Env::claim() {
    const auto path = folder_ / "writer.lock";
    claim_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (claim_ < 0) check(errno, "open " + path.string());
    if (::flock(claim_, LOCK_EX | LOCK_NB) == 0) return;
    const int code = errno;
    ::close(claim_);
    check(code, "another process writes " + folder_.string());
}

void Env::committed() {
    if (map_ == nullptr) return;
    const auto used = used_bytes();
    if (++commits_ < commits_between && used - given_back_at_ < growth_between) return;
    give_back(used);
}

void Env::give_back(std::uint64_t used) {
    if (map_ == nullptr) return;
    commits_ = 0;
    given_back_at_ = used;
    ::madvise(map_, used, MADV_DONTNEED);  // of a shared mapping: nothing is lost
}

void Env::sync() {
    if (logged_ != nullptr) return logged_->sync();
    check(mdb_env_sync(env_, 1), "sync the store " + folder_.string());
}

std::uint64_t Env::used_bytes() const {
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    return (info.me_last_pgno + 1) * static_cast<std::uint64_t>(stat.ms_psize);
}

Txn::Txn(Env& env, bool read_only) : env_(env), read_only_(read_only) {
    if (env.logged_ == nullptr) {
        check(mdb_txn_begin(env.raw(), nullptr, read_only ? MDB_RDONLY : 0, &txn_), "begin a transaction");
        return;
    }
    if (read_only) env.logged_->begin_reading();
    else env.logged_->begin_writing();
    txn_ = env.logged_->txn();
}
Txn::~Txn() {
    if (env_.logged_ == nullptr) {
        if (txn_ != nullptr) mdb_txn_abort(txn_);
    } else if (read_only_) {
        env_.logged_->end_reading();
    } else if (txn_ != nullptr) {
        env_.logged_->end_writing();
    }
}
ReadTxn::ReadTxn(const Env& env) : Txn(const_cast<Env&>(env), true) {}
WriteTxn::WriteTxn(Env& env) : Txn(env, false) {}
void WriteTxn::commit() {
    if (env_.logged_ != nullptr) {
        env_.logged_->commit();
        txn_ = nullptr;
        return;
    }
    check(mdb_txn_commit(std::exchange(txn_, nullptr)), "commit");
    env_.committed();
}

Table::Table(Env& env, std::string_view name) {
    if (env.logged_ != nullptr) env.logged_->settle();
    unsigned env_flags = 0;
    mdb_env_get_flags(env.raw(), &env_flags);
    const bool read_only = (env_flags & MDB_RDONLY) != 0;
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env.raw(), nullptr, read_only ? MDB_RDONLY : 0, &txn), "begin a transaction");
    const int code = mdb_dbi_open(txn, std::string(name).c_str(), read_only ? 0 : MDB_CREATE, &dbi_);
    if (code != MDB_SUCCESS) mdb_txn_abort(txn);
    check(code, "open the table " + std::string(name));
    check(mdb_txn_commit(txn), "commit");
    if (env.logged_ != nullptr) env.logged_->know(std::string(name), dbi_);
}

std::optional<std::string_view> Table::get(const Txn& txn, std::string_view key) const {
    auto k = val(key);
    MDB_val v;
    const int code = mdb_get(txn.raw(), dbi_, &k, &v);
    if (code == MDB_NOTFOUND) return std::nullopt;
    check(code, "read");
    return view(v);
}

template <class Do>
int Table::change(WriteTxn& txn, Change kind, std::string_view key, std::string_view value, Do&& change) {
    auto* const logged = txn.env_.logged_.get();
    if (logged == nullptr) return change();
    logged->changes(kind, dbi_, key, value);
    const int code = change();
    if (code == MDB_SUCCESS) return code;
    logged->not_changed();
    if (code != MDB_KEYEXIST && code != MDB_NOTFOUND) logged->spoilt();
    return code;
}

int Table::put(WriteTxn& txn, std::string_view key, std::string_view value, unsigned flags) {
    auto k = val(key);
    auto v = val(value);
    return change(txn, flags == MDB_APPEND ? Change::append : Change::put, key, value, [&] { return mdb_put(txn.raw(), dbi_, &k, &v, flags); });
}

void Table::put(WriteTxn& txn, std::string_view key, std::string_view value) { check(put(txn, key, value, 0), "write"); }

bool Table::put_new(WriteTxn& txn, std::string_view key, std::string_view value) {
    const int code = put(txn, key, value, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) return false;
    check(code, "write");
    return true;
}

void Table::append(WriteTxn& txn, std::string_view key, std::string_view value) { check(put(txn, key, value, MDB_APPEND), "append"); }

bool Table::erase(WriteTxn& txn, std::string_view key) {
    auto k = val(key);
    const int code = change(txn, Change::erase, key, {}, [&] { return mdb_del(txn.raw(), dbi_, &k, nullptr); });
    if (code == MDB_NOTFOUND) return false;
    check(code, "erase");
    return true;
}

std::uint64_t Table::size(const Txn& txn) const {
    MDB_stat stat;
    check(mdb_stat(txn.raw(), dbi_, &stat), "count");
    return stat.ms_entries;
}

Cursor::Cursor(const Txn& txn, const Table& table) {
    check(mdb_cursor_open(txn.raw(), table.raw(), &cursor_), "open a cursor");
}
Cursor::~Cursor() { mdb_cursor_close(cursor_); }

bool Cursor::move(int operation) {
    auto k = val(key_);
    MDB_val v;
    const int code = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
    if (code == MDB_NOTFOUND) return false;
    check(code, "walk");
    key_ = view(k);
    value_ = view(v);
    return true;
}

bool Cursor::first() { return move(MDB_FIRST); }
bool Cursor::last() { return move(MDB_LAST); }
bool Cursor::next() { return move(MDB_NEXT); }
bool Cursor::previous() { return move(MDB_PREV); }
bool Cursor::seek(std::string_view key) {
    if (key.empty()) return first();
    key_ = key;
    return move(MDB_SET_RANGE);
}
bool Cursor::seek_before(std::string_view key) { return seek(key) ? previous() : last(); }

void each_with_prefix(const Txn& txn, const Table& table, std::string_view prefix,
                      const std::function<bool(std::string_view, std::string_view)>& visit) {
    Cursor cursor(txn, table);
    for (bool more = cursor.seek(prefix); more && cursor.key().starts_with(prefix); more = cursor.next()) {
        if (!visit(cursor.key(), cursor.value())) return;
    }
}

std::string key_of(std::uint64_t number) {
    std::string key(8, '\0');
    for (int i = 7; i >= 0; --i, number >>= 8) key[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xFF);
    return key;
}

std::uint64_t number_of(std::string_view key) {
    if (key.size() < 8) return 0;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(key[i]);
    return number;
}

}  // namespace parley::store
