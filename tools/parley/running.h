// The `parley up` that runs for a house: one at a time, and where others find it. DATA/up.pid holds its process id, and is
// locked as long as it lives.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "broker/service/result.h"

namespace parley::cli {

class Running {
public:
    static service::Result<Running> claim(const std::filesystem::path& data);  // Code::conflict: another one runs
    static service::Result<pid_t> find(const std::filesystem::path& data);     // Code::unavailable: none runs
    ~Running();
    Running(Running&& other) noexcept;
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    explicit Running(int file) : file_(file) {}
    int file_;
};

}  // namespace parley::cli
