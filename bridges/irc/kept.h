// A connection that this account's keeper (keeper/keeper.h) holds. It may have been there before us: then what must be
// known of it comes first (resumed), and what nobody has taken follows.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "bridges/irc/keeper_frames.h"
#include "bridges/irc/settings.h"
#include "bridges/irc/wire.h"
#include "bridges/kit/channel.h"

namespace parley::irc {

class Kept final : public Wire {
public:
    // Each is called from the reactor; the Kept may be destroyed in `closed` only.
    struct Events {
        std::function<void(service::Time born)> opened;  // a new connection, by its name
        // Instead of it: one that was there. `lines` tell its state, `born` its name.
        std::function<void(service::Time born, const std::vector<Line>& lines)> resumed;
        // True: let a turn of the reactor pass before the next.
        std::function<bool(const Line& line, std::uint64_t number, service::Time when)> line;
        // Nothing is on its way that came to the keeper before; and all is here that the server had said by then.
        std::function<void(service::Time came, service::Time said)> heard_until;
        std::function<bool()> safe;  // all lines that were told are safe with us: the keeper may forget them
        // Lines that tell the session's state as of the last one that was told; nullopt: it cannot be told now.
        std::function<std::optional<std::vector<std::string>>()> state;
        std::function<void(service::Error, std::optional<service::Time> when)> closed;
    };
    Kept(service::Reactor& reactor, const std::filesystem::path& socket, const Settings& settings, Events events);

    using Wire::send;
    void send(const Line& line, const SentAs& as) override;
    void close() override;
    void leave(const std::string& goodbye) override;
    void hold(bool held) override;
    bool up() const override { return up_; }
    const SentLines& sent() const override { return sent_; }
    void correct(const SentAs& as) override;

private:
    void say(const keeper::Frame& frame) { channel_->send(keeper::encode(frame)); }
    void take();
    bool take_one(const keeper::Frame& frame);
    bool heard(const keeper::Heard& heard);
    bool closed(const keeper::Closed& closed);
    bool welcome(const keeper::Welcome& welcome);
    void settle();
    bool acknowledge();
    void tell_state();
    void watch();
    void end(service::Error why, std::optional<service::Time> when = {});

    service::Reactor& reactor_;
    const Settings& settings_;
    Events events_;
    std::optional<kit::Channel> channel_;
    std::deque<keeper::Frame> frames_;  // not handled yet: at most what the keeper sends ahead
    std::vector<Line> known_;
    SentLines sent_;
    service::Time born_{};
    std::uint64_t told_ = 0, taken_ = 0, stated_ = 0;  // numbers of lines
    std::size_t unstated_bytes_ = 0;                   // taken since the state was told
    bool up_ = false, closed_ = false, held_ = false, heard_ = false, welcomed_ = false;
    service::Error lost_;  // of the channel; said when all that came before is handled
    service::Reactor::Handle take_soon_, settle_soon_, watch_, fail_soon_;
};

}  // namespace parley::irc
