// A TCP or TLS connection to a server: bytes out, bytes in, and the reason when it ends. Boost.Asio and OpenSSL are
// kept out of this header. Reconnecting is the owner's business (service::Backoff, and a new Stream).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "broker/service/error.h"
#include "broker/service/reactor.h"

namespace parley::kit {

struct StreamOptions {
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::string ca_file;                               // PEM; empty: the system's
    bool insecure = false;                             // do not verify the server's certificate
    std::string certificate_file;                      // PEM, our own, for SASL EXTERNAL; empty: none
    std::string key_file;                              // PEM; empty: the key is in certificate_file
    std::chrono::milliseconds connect_timeout{15000};  // look-up, connection and handshake together
    std::size_t write_bytes_max = 4 << 20;  // waiting to be written; beyond it the stream ends with Code::limit
    std::string tls_name;                   // the name in the server's certificate, if it is not `host`
};

// Called on the reactor's thread, never from inside a call to the Stream. The Stream may be destroyed in any of them.
struct StreamEvents {
    std::function<void()> opened;
    std::function<void(std::string_view bytes)> data;
    std::function<void(service::Error reason)> closed;  // at most once, and nothing after it; also if it never opened
};

class Stream {
public:
    // Connects at once.
    Stream(service::Reactor& reactor, StreamOptions options, StreamEvents events);
    ~Stream();  // as close()
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // May be called before opened(). What is sent in one turn of the reactor is written together.
    void send(std::string_view bytes);
    // No callback after this. What was sent before is still written, for at most a second.
    void close();
    // From inside data() only: what follows, both ways, is TLS (STARTTLS). opened() is called again when it is.
    void start_tls();
    // Reads no more (but for what is with us already) until hold(false); the sender's own buffers fill up meanwhile.
    void hold(bool held);
    std::size_t pending() const;  // bytes not yet handed to the system
    bool open() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the pending operations, which must outlive a close
};

}  // namespace parley::kit
