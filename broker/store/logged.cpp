// A change, in a frame: its kind (a letter), the lengths of table (u8), key (u16) and value (u32, little-endian), and these.
#include "broker/store/logged.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "broker/service/invariant.h"
#include "broker/service/log.h"
#include "broker/store/failing.h"
#include "broker/store/little_endian.h"

namespace parley::store {
namespace {

// The tables are brought up to date after so many changes, or when the log is this long. Until then each page that changed is
// held in memory: of a message's changes one or two are somewhere in a large table, so this is some 20 MiB (measured: 10 to 24).
constexpr std::size_t changes_max = 8'192;
constexpr std::uint64_t bytes_settled = 16 << 20;
constexpr std::uint64_t bytes_max = 64 << 20;  // of a log that cannot be settled, because the disk is full
constexpr std::size_t change_head_bytes = 1 + 1 + 2 + 4;
constexpr std::string_view epoch_key = "epoch", secret_key = "key";

MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

std::string_view take(std::string_view& rest, std::size_t bytes) {
    if (bytes > rest.size()) throw Failure::damaged("a change in the log is cut short");
    const auto part = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    return part;
}

}  // namespace

Logged::Logged(MDB_env* env, const std::filesystem::path& folder, Sync sync, std::function<void()> settled)
    : env_(env), sync_(sync), settled_(std::move(settled)), settle_at_(changes_max) {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn), "begin a transaction");
    try {
        check(mdb_dbi_open(txn, "applied", MDB_CREATE, &applied_), "open the table applied");
        file_.emplace(folder / "changes.log", key_in(txn));
        if (const auto epoch = get(txn, epoch_key)) epoch_ = number_of(*epoch);
        file_->recover(epoch_, sync_ == Sync::full, [&](std::string_view changes) { apply(txn, changes); });
        // Whatever stood behind the last whole frame is of an epoch that is over.
        check(put(txn, epoch_key, key_of(epoch_ + 1)), "write");
    } catch (...) {
        mdb_txn_abort(txn);
        throw;
    }
    check(mdb_txn_commit(txn), "do over what the log holds");
    file_->begin(++epoch_);
}

// A store without a key has no log that counts: it gets both at once.
LogFile::Key Logged::key_in(MDB_txn* txn) {
    LogFile::Key key;
    const auto known = get(txn, secret_key);
    if (known && known->size() == key.size()) {
        std::copy(known->begin(), known->end(), key.begin());
        return key;
    }
    randombytes_buf(key.data(), key.size());
    check(put(txn, secret_key, {reinterpret_cast<const char*>(key.data()), key.size()}), "write");
    return key;
}

std::optional<std::string_view> Logged::get(MDB_txn* txn, std::string_view key) const {
    auto k = val(key);
    MDB_val value;
    const int code = mdb_get(txn, applied_, &k, &value);
    if (code == MDB_NOTFOUND) return std::nullopt;
    check(code, "read");
    return std::string_view(static_cast<const char*>(value.mv_data), value.mv_size);
}

int Logged::put(MDB_txn* txn, std::string_view key, std::string_view value) {
    auto k = val(key), v = val(value);
    return mdb_put(txn, applied_, &k, &v, 0);
}

Logged::~Logged() {
    try {
        settle();
    } catch (const Failure& failure) {
        service::log::warning("the log is left to be done over at the next start", {{"file", file_->path().string()}, {"why", failure.what()}});
    }
    drop();
}

void Logged::know(const std::string& name, MDB_dbi table) {
    tables_[name] = table;
    names_[table] = name;
}

void Logged::drop() {
    if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
}

MDB_txn* Logged::txn() {
    if (txn_ != nullptr) return txn_;
    check(mdb_txn_begin(env_, nullptr, 0, &txn_), "begin a transaction");
    try {
        file_->replay([this](std::string_view changes) { apply(txn_, changes); });
    } catch (...) {
        drop();
        throw;
    }
    return txn_;
}

void Logged::apply(MDB_txn* txn, std::string_view rest) {
    while (!rest.empty()) {
        const auto head = take(rest, change_head_bytes);
        const auto change = static_cast<Change>(head[0]);
        const auto name = take(rest, little(head.substr(1, 1)));
        const auto key_bytes = take(rest, little(head.substr(2, 2)));
        const auto value_bytes = take(rest, little(head.substr(4, 4)));
        auto table = tables_.find(name);
        if (table == tables_.end()) {
            MDB_dbi opened = 0;
            check(mdb_dbi_open(txn, std::string(name).c_str(), MDB_CREATE, &opened), "open the table " + std::string(name));
            table = tables_.emplace(name, opened).first;
            names_.emplace(opened, name);
        }
        auto key = val(key_bytes), value = val(value_bytes);
        const int code = change == Change::erase ? mdb_del(txn, table->second, &key, nullptr)
                                                 : mdb_put(txn, table->second, &key, &value, change == Change::append ? MDB_APPEND : 0);
        if (code != MDB_NOTFOUND) check(code, "do over a change");
    }
}

// -- transactions -----------------------------------------------------------------------------------------------------

void Logged::begin_reading() {
    txn();
    ++reading_;
}

void Logged::begin_writing() {
    service::invariant(!writing_ && reading_ == 0, "what is read now stays as it is until it was read");
    settle_if_due();
    txn();
    writing_ = true;
}

void Logged::changes(Change change, MDB_dbi table, std::string_view key, std::string_view value) {
    const auto& name = names_.at(table);
    changes_before_ = changes_.size();
    changes_ += static_cast<char>(change);
    put_little(changes_, name.size(), 1);
    put_little(changes_, key.size(), 2);
    put_little(changes_, value.size(), 4);
    changes_.append(name).append(key).append(value);
    ++count_;
}

void Logged::not_changed() {
    changes_.resize(changes_before_);
    --count_;
}

void Logged::commit() {
    if (spoilt_) fail_with(MDB_BAD_TXN, "commit");  // end_writing() follows
    if (changes_.empty()) {
        writing_ = false;
        return;
    }
    if (file_->bytes() + changes_.size() > bytes_max) fail_with(MDB_MAP_FULL, "write " + file_->path().string() + ", which cannot be brought into the tables");
    file_->append(changes_);
    try {
        if (sync_ == Sync::full) file_->sync();
    } catch (const Failure&) {
        file_->take_back();
        throw;
    }
    since_ += std::exchange(count_, 0);
    changes_.clear();
    writing_ = false;
}

void Logged::end_writing() {
    writing_ = false;
    if (changes_.empty() && !spoilt_) return;
    changes_.clear();
    count_ = 0;
    spoilt_ = false;
    drop();  // what the log holds of it is done over by the next one
}

// -- from the log into the tables -------------------------------------------------------------------------------------

void Logged::sync() {
    if (doubted_) return settle();
    try {
        file_->sync();
    } catch (const Failure&) {
        doubted_ = true;  // the system may take for written what it could not write, and say yes the next time
        throw;
    }
}

void Logged::settle() {
    if (file_->bytes() == 0) return drop();
    service::invariant(!writing_ && reading_ == 0, "nothing is read or written while the tables are brought up to date");
    auto* const whole = txn();
    if (const int code = put(whole, epoch_key, key_of(epoch_ + 1)); code != MDB_SUCCESS) {
        drop();
        fail_with(code, "write");
    }
    check(mdb_txn_commit(std::exchange(txn_, nullptr)), "bring the tables up to date");
    file_->begin(++epoch_);
    since_ = 0;
    settle_at_ = changes_max;
    doubted_ = false;
    settled_();
}

void Logged::settle_if_due() {
    if (since_ < settle_at_ && (file_->bytes() < bytes_settled || settle_at_ > changes_max)) return;
    try {
        settle();
    } catch (const Failure& failure) {
        settle_at_ = since_ + changes_max;
        service::log::warning("the tables cannot be brought up to date; the log grows", {{"file", file_->path().string()}, {"why", failure.what()}});
    }
}

}  // namespace parley::store
