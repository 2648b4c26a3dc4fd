#include "broker/store/store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "broker/service/log.h"
#include "broker/service/program.h"

namespace parley::store {
namespace {

std::string hint_of(int code) {
    switch (code) {
        case EDQUOT:
        case EFBIG:
        case ENOSPC: return "the disk is full: free some space; nothing that was acknowledged is lost";
        case EIO: return "the disk is full or failing: free some space, or check the disk; nothing that was acknowledged is lost";
        case MDB_MAP_FULL: return "the store reached its size limit";
        case EACCES: return "the folder is not ours to write: check its owner and mode";
        case MDB_READERS_FULL: return "too many readers at once";
        case MDB_VERSION_MISMATCH: return "install the version that wrote it, or a later one; nothing was changed";
        case MDB_INVALID:
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND: return "the file is damaged or not a store: restore it from a copy";
        default: return {};
    }
}

// The disk failed while LMDB wrote which commit is the last: it takes nothing more in this process, however long one
// waits. Whoever starts us again finds the last commit that was whole.
[[noreturn]] void end_for_ever(const std::string& why) {
    service::log::error("the store cannot be used any more until this process is started again", {{"why", why}});
    std::_Exit(service::exit_broken);
}

void check(int code, const std::string& doing) {
    if (code == MDB_SUCCESS) return;
    std::string text = doing + ": " + mdb_strerror(code);
    if (const auto hint = hint_of(code); !hint.empty()) text += " (" + hint + ")";
    if (code == MDB_PANIC) end_for_ever(text);
    throw Failure(text, code);
}

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

bool Failure::busy() const { return code_ == EWOULDBLOCK; }

Failure Failure::damaged(const std::string& what) { return {what + " (" + hint_of(MDB_CORRUPTED) + ")", MDB_CORRUPTED}; }

// LMDB calls a write that went only half way EIO: the usual way in which a disk gets full.
bool Failure::full() const {
    return code_ == ENOSPC || code_ == EDQUOT || code_ == EFBIG || code_ == EIO || code_ == MDB_MAP_FULL;
}

Env::Env(const std::filesystem::path& folder, const EnvOptions& options) : folder_(folder) {
    if (!options.read_only) {
        std::filesystem::create_directories(folder.parent_path().empty() ? "." : folder.parent_path());
        ::mkdir(folder.c_str(), 0700);
    }
    if (options.only_writer) claim();
    check(mdb_env_create(&env_), "create a store");
    try {
        check(mdb_env_set_mapsize(env_, std::min(options.map_bytes, map_bytes_max)), "set the store's size");
        check(mdb_env_set_maxdbs(env_, options.tables_max), "set the store's tables");
        check(mdb_env_set_maxreaders(env_, options.readers_max), "set the store's readers");
        unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
        if (options.sync == Sync::on_demand) flags |= MDB_NOSYNC;
        if (options.read_only) flags |= MDB_RDONLY;
        check(mdb_env_open(env_, folder.c_str(), flags, 0600), "open the store " + folder.string());
        int dead = 0;
        mdb_reader_check(env_, &dead);  // slots of killed processes would keep old pages for ever
        map_ = mapping_of(folder / "data.mdb");
        if (options.format > 0) check_format(options);
    } catch (...) {
        mdb_env_close(env_);
        if (claim_ >= 0) ::close(claim_);
        throw;
    }
}
Env::~Env() {
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
        if (!said && !options.read_only) {
            WriteTxn txn(*this);
            table.put(txn, key, key_of(format_));
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
    commits_ = 0;
    given_back_at_ = used;
    ::madvise(map_, used, MADV_DONTNEED);  // of a shared mapping: nothing is lost
}

void Env::sync() { check(mdb_env_sync(env_, 1), "sync the store " + folder_.string()); }

std::uint64_t Env::used_bytes() const {
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    return (info.me_last_pgno + 1) * static_cast<std::uint64_t>(stat.ms_psize);
}

Txn::Txn(Env& env, bool read_only) {
    check(mdb_txn_begin(env.raw(), nullptr, read_only ? MDB_RDONLY : 0, &txn_), "begin a transaction");
}
Txn::~Txn() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
}
ReadTxn::ReadTxn(const Env& env) : Txn(const_cast<Env&>(env), true) {}
WriteTxn::WriteTxn(Env& env) : Txn(env, false), env_(env) {}
void WriteTxn::commit() {
    check(mdb_txn_commit(std::exchange(txn_, nullptr)), "commit");
    env_.committed();
}

Table::Table(Env& env, std::string_view name) {
    unsigned env_flags = 0;
    mdb_env_get_flags(env.raw(), &env_flags);
    const bool read_only = (env_flags & MDB_RDONLY) != 0;
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env.raw(), nullptr, read_only ? MDB_RDONLY : 0, &txn), "begin a transaction");
    const int code = mdb_dbi_open(txn, std::string(name).c_str(), read_only ? 0 : MDB_CREATE, &dbi_);
    if (code != MDB_SUCCESS) mdb_txn_abort(txn);
    check(code, "open the table " + std::string(name));
    check(mdb_txn_commit(txn), "commit");
}

std::optional<std::string_view> Table::get(const Txn& txn, std::string_view key) const {
    auto k = val(key);
    MDB_val v;
    const int code = mdb_get(txn.raw(), dbi_, &k, &v);
    if (code == MDB_NOTFOUND) return std::nullopt;
    check(code, "read");
    return view(v);
}

void Table::put(WriteTxn& txn, std::string_view key, std::string_view value) {
    auto k = val(key);
    auto v = val(value);
    check(mdb_put(txn.raw(), dbi_, &k, &v, 0), "write");
}

bool Table::put_new(WriteTxn& txn, std::string_view key, std::string_view value) {
    auto k = val(key);
    auto v = val(value);
    const int code = mdb_put(txn.raw(), dbi_, &k, &v, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) return false;
    check(code, "write");
    return true;
}

void Table::append(WriteTxn& txn, std::string_view key, std::string_view value) {
    auto k = val(key);
    auto v = val(value);
    check(mdb_put(txn.raw(), dbi_, &k, &v, MDB_APPEND), "append");
}

bool Table::erase(WriteTxn& txn, std::string_view key) {
    auto k = val(key);
    const int code = mdb_del(txn.raw(), dbi_, &k, nullptr);
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
