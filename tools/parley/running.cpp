#include "tools/parley/running.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace parley::cli {

using service::Code;
using service::fail;
using service::Result;

namespace {

constexpr const char* file_name = "up.pid";

pid_t pid_in(int file) {
    char text[32] = {};
    return ::pread(file, text, sizeof text - 1, 0) > 0 ? static_cast<pid_t>(std::atoi(text)) : 0;
}

}  // namespace

Result<Running> Running::claim(const std::filesystem::path& data) {
    std::error_code failed;
    if (!std::filesystem::exists(data, failed)) {
        std::filesystem::create_directories(data, failed);
        std::filesystem::permissions(data, std::filesystem::perms::owner_all, failed);
    }
    const int file = ::open((data / file_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(Code::io, fmt::format("cannot write {}: {}", (data / file_name).string(), std::strerror(errno)), "check [parley] data in the settings");
    Running out(file);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) return fail(Code::conflict, fmt::format("parley up runs already, as process {}", pid_in(file)), "parley reload makes it read the settings anew");
    const auto text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return fail(Code::io, fmt::format("cannot write {}: {}", (data / file_name).string(), std::strerror(errno)), "make room on the disk");
    return out;
}

Result<pid_t> Running::find(const std::filesystem::path& data) {
    const int file = ::open((data / file_name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool runs = file >= 0 && ::flock(file, LOCK_SH | LOCK_NB) != 0;
    const auto pid = runs ? pid_in(file) : 0;
    if (file >= 0) ::close(file);
    if (pid > 0) return pid;
    return fail(Code::unavailable, "no parley up runs here", "start it with: parley up");
}

Running::~Running() {
    if (file_ >= 0) ::close(file_);
}
Running::Running(Running&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

}  // namespace parley::cli
