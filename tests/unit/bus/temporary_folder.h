// A folder of one test, gone with it; and waiting for something on a reactor, with a deadline.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "broker/service/reactor.h"

namespace parley::bus {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = "/tmp/parley-bus-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "cannot make " << pattern;
        path = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path path;
};

// Runs the reactor until `done` holds; false if it did not within the deadline.
template <class Condition>
bool eventually(service::Reactor& reactor, Condition done, std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        reactor.run_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace parley::bus
