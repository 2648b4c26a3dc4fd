// A folder for one input, in memory where the system has such a place, gone with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

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

// A file of records that says it is of a later version is refused, and stays as it is. False: this one is not so.
inline bool refused_as_later(const std::filesystem::path& file, std::string_view bytes, const std::function<void()>& open) {
    try {
        open();
        return false;
    } catch (const std::runtime_error& error) {
        service::invariant(std::string_view(error.what()).find("written by a later version") != std::string_view::npos && bytes.starts_with("parley records "),
                           "no other file is refused");
    }
    std::ifstream in(file, std::ios::binary);
    service::invariant(std::string(std::istreambuf_iterator<char>(in), {}) == bytes, "what is refused stays as it is");
    return true;
}

}  // namespace parley::fuzz
