// A wire that the test holds in its hands: forwards TCP from a port of its own, until it is cut, frozen, slowed down or
// closed half.
#pragma once

#include <atomic>
#include <chrono>
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
    void cut() { ++cuts_; }  // ends every connection at once; new ones are taken
    void refuse(bool on) { refuses_ = on; }  // new connections end at once
    void freeze(bool on) { to_server_frozen_ = to_client_frozen_ = on; }  // bytes wait, both ways; no connection ends
    void freeze_to_server(bool on) { to_server_frozen_ = on; }  // what the server says still passes
    void delay(std::chrono::milliseconds by) { delay_ = by; }   // each byte is under way for so long, both ways
    // The server answers slowly: so many bytes of what it says pass in a second. 0: all.
    void trickle(int bytes_per_second) { trickle_ = bytes_per_second; }
    // Every connection: the server says no more, as if it had closed its half; what it is told still reaches it.
    void close_half() { ++halves_; }
    int connections() const { return connections_; }  // that were made so far

private:
    class Connection;
    void serve();

    std::uint16_t port_, to_;
    int listener_ = -1;
    std::atomic<bool> ends_{false}, refuses_{false}, to_server_frozen_{false}, to_client_frozen_{false};
    std::atomic<std::chrono::milliseconds> delay_{std::chrono::milliseconds(0)};
    std::atomic<int> trickle_{0}, cuts_{0}, halves_{0}, connections_{0}, open_{0};
    std::thread server_;
};

}  // namespace parley::tests
