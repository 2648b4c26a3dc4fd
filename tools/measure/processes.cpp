#include "tools/measure/processes.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace parley::measure {
namespace {

std::string proc(pid_t pid, const char* file) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// "VmRSS:     1234 kB"
double mebibytes(const std::string& text, const std::string& name) {
    const auto found = text.find(name);
    return found == std::string::npos ? 0 : std::strtod(text.c_str() + found + name.size(), nullptr) / 1024;
}

}  // namespace

// "pid (name) state ppid …": utime and stime are the 14th and the 15th; the name may hold spaces.
double cpu_microseconds(pid_t pid) {
    const auto text = proc(pid, "stat");
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream rest(text.substr(name_end + 1));
    std::string field;
    double ticks = 0;
    for (int number = 3; number <= 15 && rest >> field; ++number) {
        if (number >= 14) ticks += std::strtod(field.c_str(), nullptr);
    }
    return ticks * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Memory memory(pid_t pid) {
    const auto status = proc(pid, "status"), rollup = proc(pid, "smaps_rollup");
    return {mebibytes(status, "VmRSS:"), mebibytes(status, "RssAnon:"), mebibytes(rollup, "\nPss:")};
}

double load_average() {
    double load = 0;
    std::ifstream("/proc/loadavg") >> load;
    return load;
}

}  // namespace parley::measure
