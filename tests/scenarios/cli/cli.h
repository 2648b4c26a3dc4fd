// The operator at a shell: runs the real `parley`, and sees what it prints and how it ends.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/house.h"
#include "tests/support/process.h"

namespace parley::tests {

// As the man page and --help say.
enum Ends : int { good = 0, failed = 1, usage = 2, not_running = 69, settings = 78 };

struct Said {
    int code = -1;
    std::string out, err;
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        std::istringstream in(out);
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }
};

// `parley WORDS…` to its end.
inline Said parley(std::vector<std::string> words, std::chrono::milliseconds deadline = 30s, const std::string& bin = PARLEY_BIN_DIR) {
    const TempFolder folder;
    words.insert(words.begin(), {"/bin/sh", "-c", "errors=$1; shift; exec \"$@\" 2>\"$errors\"", "sh", (folder.path() / "err").string(), bin + "/parley"});
    Process process({.argv = std::move(words), .log = folder.path() / "out"});
    Said said;
    said.code = process.wait(deadline).value_or(-1);
    process.kill();
    said.out = process.output();
    said.err = read_file(folder.path() / "err");
    return said;
}

// Children of a process with their program's name, as the system has them.
struct Child {
    pid_t pid;
    std::string program;
};
inline std::vector<Child> children_of(pid_t pid) {
    std::vector<Child> out;
    std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", pid));
    for (pid_t child = 0; in >> child;) {
        const auto command = read_file(fmt::format("/proc/{}/cmdline", child));
        const auto program = command.substr(0, command.find('\0'));
        out.push_back({child, program.substr(program.rfind('/') + 1)});
    }
    return out;
}
inline pid_t child_named(pid_t of, const std::string& program) {
    for (const auto& child : children_of(of)) {
        if (child.program == program) return child.pid;
    }
    return 0;
}
// Gone, or dead and not yet fetched by its parent.
inline bool ended(pid_t pid) {
    const auto status = read_file(fmt::format("/proc/{}/stat", pid));
    return status.empty() || status.find(") Z ") != std::string::npos;
}

}  // namespace parley::tests
