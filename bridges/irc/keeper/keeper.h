// Holds an account's connection to its server over the death of its bridge: what comes is on disk before the bridge has
// it, and stays until the bridge says that it is safe. It knows of IRC what keeps a connection alive, and no more.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "bridges/irc/connection.h"
#include "bridges/irc/keeper/log.h"
#include "bridges/kit/channel.h"
#include "broker/service/random.h"

namespace parley::irc::keeper {

class Keeper {
public:
    // `folder` holds what must survive; the bridge comes to `socket`.
    Keeper(service::Reactor& reactor, const service::Clock& clock, service::Random& random,
           const std::filesystem::path& folder, const std::filesystem::path& socket);

    // Takes leave of the server. The reactor may be stopped a moment later.
    void stop();

private:
    void let_in(int socket);
    void gone();
    void drop(const std::string& why);
    void take(Frame frame);
    void hello(const Hello& hello);
    void connect(const Connect& how);
    void say(Say say);
    void count(const Sent& sent);
    void learn(std::string fact);
    void opened();
    service::Time certain_until() const;  // all is here that the server had said by then
    void heard(std::string_view line);
    void write_down();
    void hang_up(const std::string& goodbye, service::Error why);
    void ended(service::Error why);
    void feed();
    void each_second();
    void tell(const Frame& frame);

    service::Reactor& reactor_;
    const service::Clock& clock_;
    service::Random& random_;
    Log log_;
    std::string name_;
    std::uint64_t guests_ = 0;

    // The bridge.
    std::optional<kit::Channel> guest_;
    bool let_in_ = false;         // it has said hello
    std::uint64_t offered_ = 0;   // number of the last line that it was told
    service::Time told_until_{};  // that line's time
    service::Steady away_since_;
    std::map<std::string, Sent> sent_;  // by delivery
    State stating_;                     // a state that is being told
    std::vector<std::string> facts_;
    std::size_t facts_bytes_ = 0;

    // The server.
    Connect how_;
    Settings settings_;  // those that a Connection asks for
    std::unique_ptr<Connection> connection_;
    bool open_ = false;
    struct Unwritten {
        std::string line;
        service::Time when;
    };
    std::deque<Unwritten> unwritten_;  // the disk is full: no more is read meanwhile
    std::optional<std::pair<service::Error, service::Time>> unwritten_end_;

    std::unique_ptr<Connection> dead_;
    service::Reactor::Handle drop_soon_, bury_, write_again_, ticker_;
    kit::ChannelListener listener_;
};

}  // namespace parley::irc::keeper
