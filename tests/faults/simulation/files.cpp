#include "tests/faults/simulation/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "tests/faults/simulation/world.h"

namespace parley::simulation {

namespace {

constexpr std::size_t unsynced_kept = 64;

}  // namespace

void File::write(std::size_t at, std::string_view what, bool posthumous) {
    const auto end = at + what.size();
    unsynced.push_back({at, bytes.substr(std::min(at, bytes.size()), what.size()), bytes.size(), std::string(what), posthumous});
    if (unsynced.size() > unsynced_kept && !unsynced.front().posthumous) unsynced.erase(unsynced.begin());
    if (end > bytes.size()) bytes.resize(end);
    bytes.replace(at, what.size(), what);
}

void File::cut(std::size_t size, bool posthumous) {
    if (size < bytes.size()) unsynced.push_back({size, bytes.substr(size), bytes.size(), {}, posthumous});
    bytes.resize(size);
}

void File::take_back() {
    auto& last = unsynced.back();
    bytes.resize(std::max(last.size_before, last.at + last.before.size()));
    bytes.replace(last.at, last.before.size(), last.before);
    bytes.resize(last.size_before);
    unsynced.pop_back();
}

void Files::process_died(const Process& process, bool power) {
    for (auto& [path, file] : files_) {
        if (file->process != &process) continue;
        auto& writes = file->unsynced;
        while (!writes.empty() && writes.back().posthumous) file->take_back();
        const bool log = path.ends_with("/changes.log");
        if (world_.sabotage.other == "commits" && log)
            for (auto lost = 1 + world_.below(3); lost > 0 && !writes.empty(); --lost) file->take_back();
        if (power && !writes.empty()) {
            auto lost = world_.below(writes.size() + 1);
            for (; lost > 1; --lost) file->take_back();
            if (lost > 0) {  // half of this one is there
                const auto torn = writes.back();
                file->take_back();
                file->write(torn.at, std::string_view(torn.after).substr(0, world_.below(torn.after.size() + 1)));
            }
            writes.clear();
        }
        if (!power && world_.sabotage.other == "spool" && path.ends_with("/spool")) file->bytes.clear();
    }
}

File* Files::find(const std::string& path) {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second.get();
}

Files::Open* Files::open(int file) {
    const auto found = open_.find(file);
    return found == open_.end() ? nullptr : &found->second;
}

int Files::open(const std::string& path, bool create, bool empty) {
    auto found = files_.find(path);
    if (found == files_.end()) {
        if (!create) return -1;
        found = files_.emplace(path, std::make_shared<File>()).first;
    }
    if (empty) found->second->cut(0);
    if (auto* process = world_.current(); process != nullptr) found->second->process = process;
    open_[++last_] = {found->second, 0};
    return last_;
}

void Files::rename(const std::string& from, const std::string& to) {
    auto node = files_.extract(from);
    if (node.empty()) return;
    files_.erase(to);
    node.key() = to;
    files_.insert(std::move(node));
}

}  // namespace parley::simulation

using parley::simulation::File;
using parley::simulation::Files;
using parley::simulation::Process;
using parley::simulation::World;

namespace {

Files::Open* ours(int file) {
    auto* world = World::here_or_null();
    return world == nullptr ? nullptr : world->files().open(file);
}

bool ours(const char* path) {
    auto* world = World::here_or_null();
    return world != nullptr && world->files().ours(path);
}

Process& process_here() { return *World::here().current(); }  // its files are opened by nobody else

ssize_t write_at(File& file, size_t at, const void* bytes, size_t size) {
    auto& world = World::here();
    const bool alive = world.effect();
    auto taken = size;
    if (alive && process_here().disk_full) {
        if (!world.chance(0.5)) {
            errno = ENOSPC;
            return -1;
        }
        taken = size / 2;
    }
    file.write(at, {static_cast<const char*>(bytes), taken}, !alive);
    return static_cast<ssize_t>(taken);
}

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_close(int file);
ssize_t __real_write(int file, const void* bytes, size_t size);
ssize_t __real_pwrite(int file, const void* bytes, size_t size, off_t at);
ssize_t __real_pread(int file, void* bytes, size_t size, off_t from);
off_t __real_lseek(int file, off_t to, int whence);
int __real_ftruncate(int file, off_t size);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_fdatasync(int file);
int __real_flock(int file, int operation);

int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
    if (!ours(path)) {
        va_list rest;
        va_start(rest, flags);
        const int mode = (flags & O_CREAT) != 0 ? va_arg(rest, int) : 0;
        va_end(rest);
        return __real_open(path, flags, mode);
    }
    const int file = World::here().files().open(path, (flags & O_CREAT) != 0, (flags & O_TRUNC) != 0);
    if (file < 0) errno = ENOENT;
    return file;
}

int __wrap_close(int file);
int __wrap_close(int file) {
    if (ours(file) == nullptr) return __real_close(file);
    World::here().files().close(file);
    return 0;
}

ssize_t __wrap_write(int file, const void* bytes, size_t size);
ssize_t __wrap_write(int file, const void* bytes, size_t size) {
    auto* open = ours(file);
    if (open == nullptr) return __real_write(file, bytes, size);
    const auto taken = write_at(*open->file, open->at, bytes, size);
    if (taken > 0) open->at += static_cast<size_t>(taken);
    return taken;
}

ssize_t __wrap_pwrite(int file, const void* bytes, size_t size, off_t at);
ssize_t __wrap_pwrite(int file, const void* bytes, size_t size, off_t at) {
    auto* open = ours(file);
    if (open == nullptr) return __real_pwrite(file, bytes, size, at);
    return write_at(*open->file, static_cast<size_t>(at), bytes, size);
}

ssize_t __wrap_pread(int file, void* bytes, size_t size, off_t from);
ssize_t __wrap_pread(int file, void* bytes, size_t size, off_t from) {
    const auto* open = ours(file);
    if (open == nullptr) return __real_pread(file, bytes, size, from);
    const auto& all = open->file->bytes;
    const auto begin = std::min(static_cast<size_t>(from), all.size());
    const auto got = std::min(size, all.size() - begin);
    std::memcpy(bytes, all.data() + begin, got);
    return static_cast<ssize_t>(got);
}

off_t __wrap_lseek(int file, off_t to, int whence);
off_t __wrap_lseek(int file, off_t to, int whence) {
    auto* open = ours(file);
    if (open == nullptr) return __real_lseek(file, to, whence);
    open->at = static_cast<size_t>(to) + (whence == SEEK_END ? open->file->bytes.size() : whence == SEEK_CUR ? open->at : 0);
    return static_cast<off_t>(open->at);
}

int __wrap_ftruncate(int file, off_t size);
int __wrap_ftruncate(int file, off_t size) {
    auto* open = ours(file);
    if (open == nullptr) return __real_ftruncate(file, size);
    open->file->cut(static_cast<size_t>(size), !World::here().effect());
    return 0;
}

int __wrap_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
    if (!ours(from)) return __real_rename(from, to);
    if (World::here().effect()) World::here().files().rename(from, to);
    return 0;
}

int __wrap_unlink(const char* path);
int __wrap_unlink(const char* path) {
    if (!ours(path)) return __real_unlink(path);
    World::here().files().remove(path);
    return 0;
}

int __wrap_fdatasync(int file);
int __wrap_fdatasync(int file) {
    const auto* open = ours(file);
    if (open == nullptr) return __real_fdatasync(file);
    auto& world = World::here();
    if (process_here().disk_full && world.chance(0.2)) {
        errno = EIO;
        return -1;
    }
    const auto& broken = world.sabotage.other;
    if (world.effect() && broken != "sync" && broken != "commits") open->file->unsynced.clear();
    return 0;
}

int __wrap_flock(int file, int operation);
int __wrap_flock(int file, int operation) { return ours(file) == nullptr ? __real_flock(file, operation) : 0; }

}  // extern "C"
