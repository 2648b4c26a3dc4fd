// A store whose commits are frames of a log (log_file.h), written ahead of the tables: one write and one sync for each,
// where LMDB itself writes every page that changed, and syncs twice. One transaction of LMDB's stays open over many of
// ours, so that a page that changes often is written once; when enough has come together it is committed, and the log begins
// again ("settled"). In the table "applied" stand the log's key and which of its epochs the tables lack: after a death its frames
// are done over. Of Env alone; one thread.
#pragma once

#include <lmdb.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/store/log_file.h"
#include "broker/store/store.h"

namespace parley::store {

enum class Change : char { put = 'p', append = 'a', erase = 'd' };

class Logged {
public:
    // Does over what an earlier process left in the log. `settled` is called whenever pages were written. Throws Failure.
    Logged(MDB_env* env, const std::filesystem::path& folder, Sync sync, std::function<void()> settled);
    ~Logged();  // settles, if that is possible
    Logged(const Logged&) = delete;
    Logged& operator=(const Logged&) = delete;

    void know(const std::string& name, MDB_dbi table);  // before anything is written to it
    MDB_txn* txn();  // that everything is read and written in; throws Failure

    void begin_reading();
    void end_reading() { --reading_; }
    void begin_writing();
    // Before it is done: what is given may lie in the page that changes. not_changed(): it was not done after all.
    void changes(Change change, MDB_dbi table, std::string_view key, std::string_view value);
    void not_changed();
    void spoilt() { spoilt_ = true; }  // LMDB could not do something, and takes nothing more in its transaction
    void commit();       // ends it; throws Failure, and then end_writing() must follow
    void end_writing();  // nothing happened

    void sync();    // what was committed is on disk when it returns; throws Failure
    void settle();  // the tables have it all and the log nothing; throws Failure, and then the log still has it

private:
    LogFile::Key key_in(MDB_txn* txn);
    std::optional<std::string_view> get(MDB_txn* txn, std::string_view key) const;  // of "applied"
    int put(MDB_txn* txn, std::string_view key, std::string_view value);
    void apply(MDB_txn* txn, std::string_view changes);
    void drop();
    void settle_if_due();

    MDB_env* env_;
    const Sync sync_;
    std::function<void()> settled_;
    MDB_dbi applied_ = 0;
    std::optional<LogFile> file_;
    MDB_txn* txn_ = nullptr;  // null: the tables are as the last settling left them
    std::map<std::string, MDB_dbi, std::less<>> tables_;
    std::map<MDB_dbi, std::string> names_;
    std::string changes_;            // of the transaction that is written now
    std::size_t changes_before_ = 0;  // bytes of it without the last
    std::uint64_t epoch_ = 0;
    std::size_t count_ = 0, since_ = 0, settle_at_ = 0;  // changes: of this transaction, since the last settling, when the next is due
    unsigned reading_ = 0;
    bool writing_ = false, spoilt_ = false, doubted_ = false;
};

}  // namespace parley::store
