// A disk with bad sectors, for tests: preloaded into a program, it fails writes and syncs with EIO. Which, stands in the file
// that PARLEY_TEST_BAD_DISK names: the beginning of a path, and with " meta" behind it only writes to a file's first two
// pages, where LMDB says which commit is the last. No such file, or an empty one: the disk is good.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr off_t meta_bytes = 2 * 4096;

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// `offset` below zero: not known, or a sync.
bool is_bad(int file, off_t offset) {
    static const char* flag = std::getenv("PARLEY_TEST_BAD_DISK");
    if (flag == nullptr) return false;
    char bad[512] = {}, path[512] = {}, link[64];
    const int said = ::open(flag, O_RDONLY | O_CLOEXEC);
    if (said < 0) return false;
    const auto size = ::read(said, bad, sizeof bad - 1);
    ::close(said);
    if (size <= 0) return false;
    if (char* meta = std::strstr(bad, " meta")) {
        *meta = '\0';
        if (offset < 0 || offset >= meta_bytes) return false;
    }
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return ::readlink(link, path, sizeof path - 1) > 0 && std::strncmp(path, bad, std::strlen(bad)) == 0;
}

ssize_t failed() {
    errno = EIO;
    return -1;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
    static auto* const go_on = real<ssize_t(int, const void*, size_t)>("write");
    return is_bad(file, -1) ? failed() : go_on(file, bytes, size);
}
ssize_t writev(int file, const iovec* parts, int count) {
    static auto* const go_on = real<ssize_t(int, const iovec*, int)>("writev");
    return is_bad(file, -1) ? failed() : go_on(file, parts, count);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
    static auto* const go_on = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
    return is_bad(file, offset) ? failed() : go_on(file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off_t offset) { return pwrite(file, bytes, size, offset); }
int fdatasync(int file) {
    static auto* const go_on = real<int(int)>("fdatasync");
    return is_bad(file, -1) ? static_cast<int>(failed()) : go_on(file);
}
int fsync(int file) {
    static auto* const go_on = real<int(int)>("fsync");
    return is_bad(file, -1) ? static_cast<int>(failed()) : go_on(file);
}

}  // extern "C"
