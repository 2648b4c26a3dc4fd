// Frames between two processes of one account, over a unix socket in a folder that only they may open. A frame is its
// length (u32, little-endian) and its bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "broker/service/reactor.h"
#include "broker/service/result.h"

namespace parley::kit {

constexpr std::size_t frame_bytes_max = 128 << 10;

class Channel {
public:
    // Called on the reactor's thread, never from inside send(). The Channel may be destroyed in `closed` only.
    struct Events {
        std::function<void(std::string_view frame)> frame;
        std::function<void(service::Error)> closed;  // at most once, and nothing after it
    };
    static constexpr std::size_t write_bytes_max = 16 << 20;  // not yet taken; beyond it the channel is closed

    // Takes a connected socket.
    Channel(service::Reactor& reactor, int socket, Events events);
    ~Channel();  // what the system does not take at once is not sent
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // A socket connected to the listener at `path`; Code::unavailable if nobody listens there.
    static service::Result<int> connect(const std::filesystem::path& path);

    void send(std::string_view frame);
    void hold(bool held);  // reads no more; the other side is held back once the system's buffers are full
    void drain();          // reads what is there now, to its end if the other side is gone
    std::size_t pending() const { return waiting_.size(); }

private:
    bool read();
    bool cut();
    void write();
    void end(service::Error why);

    service::Reactor& reactor_;
    Events events_;
    int socket_;
    std::string input_, waiting_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks that may outlive us
    service::Reactor::Handle readable_, writable_, overflow_;
};

// Accepts connections at `path`, which is taken over: the caller knows that no other process listens there.
class ChannelListener {
public:
    // Throws std::system_error if that cannot be done. The folder is made, for its owner alone.
    ChannelListener(service::Reactor& reactor, const std::filesystem::path& path, std::function<void(int socket)> accepted);
    ~ChannelListener();
    ChannelListener(const ChannelListener&) = delete;
    ChannelListener& operator=(const ChannelListener&) = delete;

private:
    std::filesystem::path path_;
    int socket_ = -1;
    service::Reactor::Handle readable_;
};

}  // namespace parley::kit
