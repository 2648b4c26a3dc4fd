#include "broker/service/boot.h"

#include <fstream>

namespace parley::service {

std::string boot_id() {
    std::string line;
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::getline(file, line);
    return line;
}

}  // namespace parley::service
