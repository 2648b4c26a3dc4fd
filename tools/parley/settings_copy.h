// The settings as they were read and found good, for every program that `parley up` starts, now or later: a file that is just being
// written, or is wrong, must not be what a process that died is started with.
#pragma once

#include <filesystem>
#include <string>

#include "broker/service/result.h"

namespace parley::cli {

class SettingsCopy {
public:
    // In memory; Code::settings if the file cannot be read.
    static service::Result<SettingsCopy> of(const std::filesystem::path& file);
    ~SettingsCopy();
    SettingsCopy(SettingsCopy&& other) noexcept;
    SettingsCopy(const SettingsCopy&) = delete;
    SettingsCopy& operator=(const SettingsCopy&) = delete;

    // Where our children find it as long as we live.
    std::string path() const;
    // From now on the newer one is found at our path.
    service::Result<void> replace_by(const SettingsCopy& newer);

private:
    explicit SettingsCopy(int file) : file_(file) {}
    int file_;
};

}  // namespace parley::cli
