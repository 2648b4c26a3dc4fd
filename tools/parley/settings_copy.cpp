#include "tools/parley/settings_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "broker/service/settings.h"

namespace parley::cli {

using service::Code;
using service::fail;

service::Result<SettingsCopy> SettingsCopy::of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && text.empty() && !std::filesystem::exists(file))
        return fail(Code::settings, fmt::format("cannot read the settings file {}", file.string()), "name another with --settings FILE");
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += service::SettingsFile::copy_of(file);
    SettingsCopy out(::memfd_create("parley.toml", MFD_CLOEXEC));
    if (out.file_ < 0 || ::write(out.file_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(Code::io, fmt::format("cannot keep a copy of the settings: {}", std::strerror(errno)), "free some memory");
    return out;
}

SettingsCopy::~SettingsCopy() {
    if (file_ >= 0) ::close(file_);
}
SettingsCopy::SettingsCopy(SettingsCopy&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

std::string SettingsCopy::path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), file_); }

service::Result<void> SettingsCopy::replace_by(const SettingsCopy& newer) {
    if (::dup3(newer.file_, file_, O_CLOEXEC) < 0) return fail(Code::io, fmt::format("cannot keep a copy of the settings: {}", std::strerror(errno)));
    return {};
}

}  // namespace parley::cli
