// A folder for one input, in memory where the system has such a place, gone with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "broker/service/invariant.h"

namespace parley::fuzz {

class Folder {
public:
    Folder() {
        std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm/parley-fuzz-XXXXXX" : "/tmp/parley-fuzz-XXXXXX";
        service::invariant(::mkdtemp(name.data()) != nullptr, "there is room for a folder");
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

}  // namespace parley::fuzz
