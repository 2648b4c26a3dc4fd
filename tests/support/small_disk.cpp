// A mount namespace of our own (man 7 mount_namespaces), made once; children inherit it.
#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace parley::tests {
namespace {

std::string own_namespace() {
    if (::unshare(CLONE_NEWNS) != 0) return std::string("no mount namespace of our own is permitted here: ") + std::strerror(errno);
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return std::string("mounts cannot be kept to ourselves: ") + std::strerror(errno);
    return {};
}

}  // namespace

std::string SmallDisk::why_not() {
    static const std::string reason = own_namespace();
    return reason;
}

SmallDisk::SmallDisk(std::filesystem::path folder, std::size_t bytes) : folder_(std::move(folder)) {
    if (!why_not().empty()) throw std::runtime_error(why_not());
    std::filesystem::create_directories(folder_);
    const auto options = "mode=0700,size=" + std::to_string(bytes);
    if (::mount("small-disk", folder_.c_str(), "tmpfs", 0, options.c_str()) != 0)
        throw std::runtime_error("cannot mount on " + folder_.string() + ": " + std::strerror(errno));
}

SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::fill() {
    const int fd = ::open((folder_ / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string piece(4096, 'x');
    ssize_t wrote = 0;
    while ((wrote = ::write(fd, piece.data(), piece.size())) > 0) {}
    const bool full = wrote < 0 && errno == ENOSPC;
    ::close(fd);
    if (!full) throw std::runtime_error(std::string("the disk does not get full: ") + std::strerror(errno));
}

void SmallDisk::make_room() { std::filesystem::remove(folder_ / "filler"); }

}  // namespace parley::tests
