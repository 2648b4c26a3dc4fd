// Thin RAII over LMDB: an environment, its tables, transactions, cursors. The only place that includes lmdb.h.
//
// Threads: one Env per file per process; a WriteTxn at a time; read transactions are tied to no thread (MDB_NOTLS).
// Views returned by get() and cursors live until their transaction ends or the next write in it.
// What the caller cannot mend (disk full, corrupt file) is thrown as Failure, with a hint in its text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace parley::store {

class Logged;
enum class Change : char;

class Failure : public std::runtime_error {
public:
    Failure(std::string what, int code) : std::runtime_error(std::move(what)), code_(code) {}
    int code() const { return code_; }
    bool busy() const;  // another process is its only writer
    bool full() const;  // the disk or the map is full: nothing was written, reading goes on
    static Failure damaged(const std::string& what);  // a value that nobody can have written

private:
    int code_;
};

enum class Sync {
    full,     // commit() returns when the transaction is on disk
    on_demand // commit() returns when the system has it (survives a kill of the process, not a power cut); see Env::sync
};

struct EnvOptions {
    std::uint64_t map_bytes = std::uint64_t{1} << 40;  // the most that the file may grow to; sparse
    unsigned tables_max = 32;
    Sync sync = Sync::full;
    bool read_only = false;
    bool only_writer = false;  // throws Failure (busy) if another process has it so; for who keeps a copy in memory
    unsigned readers_max = 256;
    // Commits go to a log, and from it into the tables in large steps (logged.h): faster, and what is not synced is lost by a power
    // cut without damage. Then there is one writer (only_writer), and one thread; a ReadTxn sees the moment as well, so none may be
    // open when a WriteTxn begins. Other processes see the tables as they last were brought up to date.
    bool logged = false;
    // Of what the tables hold, from 1 on; 0: nothing is said of it. It stands in the table "format"; a store without that
    // table has format 1. Throws Failure if the store's is newer: a later version wrote it, which we do not understand.
    unsigned format = 0;
    unsigned same_from = 0;  // a store of this format or a later one holds the same, and is given the new number; 0: none
};

class Env {
public:
    // Creates the folder (0700) and the files where they are missing.
    Env(const std::filesystem::path& folder, const EnvOptions& options = {});
    ~Env();
    Env(const Env&) = delete;
    Env& operator=(const Env&) = delete;

    void sync();                        // everything committed so far is on disk when this returns
    std::uint64_t used_bytes() const;   // pages in use, times their size
    const std::filesystem::path& folder() const { return folder_; }
    unsigned format() const { return format_; }  // that the store was found in; if it is older, its owner brings it up to date
    MDB_env* raw() const { return env_; }

private:
    friend class Txn;
    friend class WriteTxn;
    friend class Table;
    void claim();
    void check_format(const EnvOptions& options);
    void committed();
    void give_back(std::uint64_t used);

    MDB_env* env_ = nullptr;
    char* map_ = nullptr;  // where the file is mapped; null: not known
    unsigned commits_ = 0;  // since pages were last given back
    std::uint64_t given_back_at_ = 0;  // how much of the file was in use then
    int claim_ = -1;
    unsigned format_ = 0;
    std::filesystem::path folder_;
    std::unique_ptr<Logged> logged_;  // null: commits go to the tables
};

class Table;

// A transaction; a ReadTxn sees one moment. Destroyed without commit(): nothing happened.
class Txn {
public:
    virtual ~Txn();
    Txn(const Txn&) = delete;
    Txn& operator=(const Txn&) = delete;
    MDB_txn* raw() const { return txn_; }

protected:
    Txn(Env& env, bool read_only);
    Env& env_;
    MDB_txn* txn_ = nullptr;

private:
    const bool read_only_;
};

class ReadTxn final : public Txn {
public:
    explicit ReadTxn(const Env& env);
};

class WriteTxn final : public Txn {
public:
    explicit WriteTxn(Env& env);
    void commit();  // Throws Failure; then nothing was written.

private:
    friend class Table;
};

// Keys sort as bytes; use key_of(number) for numbers. A key is 1 to 511 bytes.
class Table {
public:
    Table(Env& env, std::string_view name);  // created where missing (unless the Env is read-only)

    std::optional<std::string_view> get(const Txn& txn, std::string_view key) const;
    void put(WriteTxn& txn, std::string_view key, std::string_view value);
    bool put_new(WriteTxn& txn, std::string_view key, std::string_view value);  // false: the key was there; nothing changed
    void append(WriteTxn& txn, std::string_view key, std::string_view value);   // the key must sort after every other: fills pages
    bool erase(WriteTxn& txn, std::string_view key);
    std::uint64_t size(const Txn& txn) const;
    unsigned raw() const { return dbi_; }

private:
    int put(WriteTxn& txn, std::string_view key, std::string_view value, unsigned flags);
    template <class Do>
    int change(WriteTxn& txn, Change kind, std::string_view key, std::string_view value, Do&& change);

    unsigned dbi_ = 0;
};

// Walks a table in key order. All moves give false at the end.
class Cursor {
public:
    Cursor(const Txn& txn, const Table& table);
    ~Cursor();
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;

    bool first();
    bool last();
    bool seek(std::string_view key);  // the first key >= `key`
    bool seek_before(std::string_view key);  // the last key < `key`
    bool next();
    bool previous();
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }

private:
    bool move(int operation);
    MDB_cursor* cursor_ = nullptr;
    std::string_view key_, value_;
};

// Calls `visit` for every entry whose key starts with `prefix`, in order, until it returns false.
void each_with_prefix(const Txn& txn, const Table& table, std::string_view prefix,
                      const std::function<bool(std::string_view key, std::string_view value)>& visit);

// Eight bytes, big-endian: sorts as the number does.
std::string key_of(std::uint64_t number);
std::uint64_t number_of(std::string_view key);  // reads the first eight bytes; 0 if there are fewer

}  // namespace parley::store
