// A TCP connection to a chat server on loopback, as lean as can be: the one who measures must not be what is measured.
// Bytes as they come; what they mean is in people.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::measure {

class Wire {
public:
    explicit Wire(std::uint16_t port);  // throws std::runtime_error
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    int fd() const { return fd_; }
    // Queued; flush() gives it to the system as far as that takes it, and never waits.
    void say(std::string_view bytes) { output_ += bytes; }
    void flush();
    bool blocked() const { return !output_.empty(); }  // after flush(): wait until it is writable
    // Appends what has come, without waiting. Throws if the server has closed the connection.
    void read(std::string& input);
    // Sends what is queued, and waits until `part` has come: everything up to its end. Throws at the deadline.
    std::string expect(std::string_view part, std::chrono::milliseconds deadline = std::chrono::seconds(10));

private:
    int fd_ = -1;
    std::string output_;
    std::string early_;  // came behind what was expected
};

}  // namespace parley::measure
