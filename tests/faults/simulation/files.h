// The few real files of a house (a bridge's spool, the locks), under the system's own calls (files.cpp, linked with --wrap):
// in memory. A dead process writes no more, and a full disk takes the half of a record.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

namespace parley::simulation {

class Files {
public:
    std::string folder;  // whose files these are; set before any is opened

    bool ours(const std::string& path) const { return !folder.empty() && path.starts_with(folder); }
    std::string* find(const std::string& path);  // what stands in it; none: there is no such file

    struct Open {
        std::shared_ptr<std::string> bytes;  // shared: what is open outlives its name
        std::size_t at = 0;
    };
    Open* open(int file);  // none: not one of ours
    int open(const std::string& path, bool create, bool empty);  // below zero: there is no such file
    void close(int file) { open_.erase(file); }
    void rename(const std::string& from, const std::string& to);
    void remove(const std::string& path) { files_.erase(path); }

private:
    std::map<std::string, std::shared_ptr<std::string>> files_;
    std::map<int, Open> open_;
    int last_ = 2'000'000;  // far from the system's own descriptors, and from those of the network
};

}  // namespace parley::simulation
