// The few real files of a house (spools, the stores' logs, locks), under the system's own calls (files.cpp, linked with
// --wrap): in memory. A dead process writes no more, a full disk takes the half of a record, and a power cut takes
// back what was not synced, or half of it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::simulation {

class World;
struct Process;

struct File {
    struct Write {
        std::size_t at;
        std::string before;       // what stood there
        std::size_t size_before;  // of the file
        std::string after;
        bool posthumous = false;  // by a process that was dead already: it reads it, but it never happened
    };
    std::string bytes;
    std::vector<Write> unsynced;  // oldest first
    Process* process = nullptr;   // that opened it last

    void write(std::size_t at, std::string_view what, bool posthumous = false);
    void cut(std::size_t size, bool posthumous = false);
    void take_back();  // the newest write
};

class Files {
public:
    explicit Files(World& world) : world_(world) {}
    std::string folder;  // whose files these are; set before any is opened

    bool ours(const std::string& path) const { return !folder.empty() && path.starts_with(folder); }
    File* find(const std::string& path);  // none: there is no such file
    // `power`: the machine lost it, not only the process its life.
    void process_died(const Process& process, bool power);

    struct Open {
        std::shared_ptr<File> file;  // shared: what is open outlives its name
        std::size_t at = 0;
    };
    Open* open(int file);  // none: not one of ours
    int open(const std::string& path, bool create, bool empty);  // below zero: there is no such file
    void close(int file) { open_.erase(file); }
    void rename(const std::string& from, const std::string& to);
    void remove(const std::string& path) { files_.erase(path); }

private:
    World& world_;
    std::map<std::string, std::shared_ptr<File>> files_;
    std::map<int, Open> open_;
    int last_ = 2'000'000;  // far from the system's own descriptors, and from those of the network
};

}  // namespace parley::simulation
