// A wire that the test holds in its hands: forwards TCP from a port of its own, until it is cut or frozen.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "tests/support/process.h"

namespace parley::tests {

class Proxy {
public:
    explicit Proxy(std::uint16_t to_port);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    std::uint16_t port() const { return port_; }
    void cut() { ++cuts_; }             // ends every connection at once; new ones are taken
    void freeze(bool on) { frozen_ = on; }  // bytes wait, both ways; no connection ends
    int connections() const { return connections_; }  // that were made so far

private:
    void serve();
    void forward(int client);

    std::uint16_t port_, to_;
    int listener_ = -1;
    std::atomic<bool> ends_{false}, frozen_{false};
    std::atomic<int> cuts_{0}, connections_{0}, open_{0};
    std::thread server_;
};

}  // namespace parley::tests
