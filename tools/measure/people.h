// Somebody in a room of an IRC or an XMPP server, on a Wire: says lines, and hears what others say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tools/measure/wire.h"

namespace parley::measure {

// Where a room is: "irc:6667:#room" or "xmpp:5222:room@conference.localhost".
struct Place {
    enum class Kind { irc, xmpp } kind = Kind::irc;
    std::uint16_t port = 0;
    std::string room;

    std::string text() const;
    static Place from_text(std::string_view text);  // throws std::runtime_error
};

class Person {
public:
    // Signed in and in the room when it returns. On XMPP `name` is an account with the password "secret".
    // Outside: an IRC room without +n can be spoken in from there, and the server need not copy what is said to us.
    enum class Stands { inside, outside };
    Person(const Place& place, std::string name, Stands stands = Stands::inside);

    Wire& wire() { return wire_; }
    const std::string& name() const { return name_; }
    // Queued as one message. The text must need no escapes on either network; `id` is for XMPP.
    void say(std::string_view text, std::string_view id);
    // Takes what has come: answers pings, and calls `heard` for what others said here.
    using Heard = std::function<void(std::string_view nick, std::string_view text)>;
    void hear(const Heard& heard);

private:
    void sign_in_irc(Stands stands);
    void sign_in_xmpp();
    std::size_t hear_irc(const Heard& heard);
    std::size_t hear_xmpp(const Heard& heard);

    Place place_;
    std::string name_;
    Wire wire_;
    std::string input_;
};

}  // namespace parley::measure
