// The few calls of the system with which a bridge writes its spool (linked with --wrap): the files are real, in memory, but a
// dead process writes no more, and a full disk takes the half of a record.
#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/faults/simulation/world.h"

using parley::simulation::Process;
using parley::simulation::World;

namespace {

Process* process_here() {
    auto* world = World::here_or_null();
    return world == nullptr ? nullptr : world->current();
}

}  // namespace

extern "C" {

ssize_t __real_write(int file, const void* bytes, size_t size);
int __real_ftruncate(int file, off_t size);
int __real_rename(const char* from, const char* to);

ssize_t __wrap_write(int file, const void* bytes, size_t size);
ssize_t __wrap_write(int file, const void* bytes, size_t size) {
    const auto* process = process_here();
    if (process == nullptr) return __real_write(file, bytes, size);
    if (!World::here().effect()) return static_cast<ssize_t>(size);
    if (!process->disk_full) return __real_write(file, bytes, size);
    if (World::here().chance(0.5)) return __real_write(file, bytes, size / 2);
    errno = ENOSPC;
    return -1;
}

int __wrap_ftruncate(int file, off_t size);
int __wrap_ftruncate(int file, off_t size) {
    auto* process = process_here();
    if (process == nullptr) return __real_ftruncate(file, size);
    if (!World::here().effect()) return 0;
    process->spool_synced = std::min(process->spool_synced, static_cast<std::uint64_t>(size));
    return __real_ftruncate(file, size);
}

int __wrap_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
    if (process_here() != nullptr && !World::here().effect()) return 0;
    return __real_rename(from, to);
}

// The files are in memory: nothing is to be done but to remember up to where.
int __wrap_fdatasync(int file);
int __wrap_fdatasync(int file) {
    auto* process = process_here();
    struct stat info {};
    if (process != nullptr && World::here().effect() && ::fstat(file, &info) == 0 && World::here().sabotage.other != "sync") process->spool_synced = static_cast<std::uint64_t>(info.st_size);
    return 0;
}

}  // extern "C"
