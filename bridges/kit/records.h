// Records in a file, appended one by one: what a process must find again after it was killed. A power cut
// may cost those that were not synced. The file format is in records.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/service/result.h"

namespace parley::kit {

class Records {
public:
    struct Place {  // of a record in the file, with its head
        std::uint64_t offset = 0, bytes = 0;
    };
    // Throws std::system_error if the file cannot be used, and std::runtime_error if a later version wrote it. A torn last
    // record, and what follows it, is cut off.
    explicit Records(std::filesystem::path file);
    ~Records();
    Records(const Records&) = delete;
    Records& operator=(const Records&) = delete;

    // What an earlier process left, oldest first; once.
    std::vector<std::pair<Place, std::string>> recover() { return std::move(recovered_); }

    service::Result<Place> append(std::string_view record);  // Code::io: the file is as it was
    service::Result<std::string> read(Place place) const;
    void clear();
    service::Result<void> sync();  // what was appended is on disk when it returns; Code::io
    // A new file of `fresh` and then of what stands in these places; gives the places of all. On an error the old file
    // stays as it is.
    service::Result<std::vector<Place>> rewrite(const std::vector<std::string>& fresh, const std::vector<Place>& kept);
    std::uint64_t bytes() const { return bytes_ - first_; }  // of the records
    const std::filesystem::path& path() const { return path_; }

private:
    void recover_all();
    service::Error trouble(int number) const;
    void begin();
    std::string_view after_mark(std::string_view all);

    std::filesystem::path path_;
    int file_ = -1;
    std::uint64_t first_ = 0;  // where the first record stands
    std::uint64_t bytes_ = 0;  // of the file
    std::vector<std::pair<Place, std::string>> recovered_;
};

}  // namespace parley::kit
