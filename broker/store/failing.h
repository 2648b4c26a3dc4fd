// How what LMDB and the system say becomes a Failure that says what to do. Of the store alone.
#pragma once

#include <string>

#include "broker/store/store.h"

namespace parley::store {

// `code`: of LMDB, or errno. Ends the process where LMDB takes nothing more in it.
[[noreturn]] void fail_with(int code, const std::string& doing);
inline void check(int code, const std::string& doing) {
    if (code != 0) fail_with(code, doing);
}

}  // namespace parley::store
