// A disk of a few MiB that a test can fill: a tmpfs, seen by this process and its children alone. Nothing imitates a full
// disk: the system says ENOSPC.
#pragma once

#include <filesystem>
#include <string>

namespace parley::tests {

class SmallDisk {
public:
    // Empty if it can be had. Otherwise why not, for GTEST_SKIP.
    static std::string why_not();

    // Mounted on `folder`, which is made if it is missing. Processes that are to see it must be started afterwards.
    SmallDisk(std::filesystem::path folder, std::size_t bytes);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    void fill();       // until not a byte more goes in
    void make_room();  // what fill() wrote is gone

private:
    std::filesystem::path folder_;
};

}  // namespace parley::tests
