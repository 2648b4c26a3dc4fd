// What the system says about processes: time on the CPU, memory. From /proc.
#pragma once

#include <sys/types.h>

#include <string>

namespace parley::measure {

// User and system time so far, in microseconds; the system counts in ticks of 10 ms.
double cpu_microseconds(pid_t pid);

struct Memory {  // MiB
    double resident = 0;      // VmRSS
    double anonymous = 0;     // of it: its own, not mapped from a file
    double proportional = 0;  // PSS: what is shared counted by shares
};
Memory memory(pid_t pid);

double load_average();  // of the last minute

}  // namespace parley::measure
