#include "broker/store/failing.h"

#include <lmdb.h>

#include <cerrno>
#include <cstdlib>

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

}  // namespace

void fail_with(int code, const std::string& doing) {
    std::string text = doing + ": " + mdb_strerror(code);
    if (const auto hint = hint_of(code); !hint.empty()) text += " (" + hint + ")";
    if (code == MDB_PANIC) end_for_ever(text);
    throw Failure(text, code);
}

bool Failure::busy() const { return code_ == EWOULDBLOCK; }

Failure Failure::damaged(const std::string& what) { return {what + " (" + hint_of(MDB_CORRUPTED) + ")", MDB_CORRUPTED}; }

// LMDB calls a write that went only half way EIO: the usual way in which a disk gets full.
bool Failure::full() const {
    return code_ == ENOSPC || code_ == EDQUOT || code_ == EFBIG || code_ == EIO || code_ == MDB_MAP_FULL;
}

}  // namespace parley::store
