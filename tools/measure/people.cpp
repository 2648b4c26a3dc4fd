// The least of both protocols that works with the servers of tests/support: nothing here is for input from strangers.
#include "tools/measure/people.h"

#include <openssl/evp.h>

#include <charconv>
#include <stdexcept>

namespace parley::measure {
namespace {

std::string base64(std::string_view text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

// What stands between two marks; empty if they are not there.
std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + open.size());
    const auto end = text.find(close);
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

}  // namespace

std::string Place::text() const { return (kind == Kind::irc ? "irc:" : "xmpp:") + std::to_string(port) + ":" + room; }

Place Place::from_text(std::string_view text) {
    Place out;
    const auto first = text.find(':'), second = text.find(':', first + 1);
    const auto kind = text.substr(0, first);
    if (second == std::string_view::npos || (kind != "irc" && kind != "xmpp")) throw std::runtime_error("no place: " + std::string(text));
    out.kind = kind == "irc" ? Kind::irc : Kind::xmpp;
    std::from_chars(text.data() + first + 1, text.data() + second, out.port);
    out.room = text.substr(second + 1);
    return out;
}

Person::Person(const Place& place, std::string name, Stands stands) : place_(place), name_(std::move(name)), wire_(place.port) {
    if (place_.kind == Place::Kind::irc) sign_in_irc(stands);
    else sign_in_xmpp();
}

void Person::sign_in_irc(Stands stands) {
    wire_.say("NICK " + name_ + "\r\nUSER " + name_ + " 0 * :Measures\r\n");
    wire_.expect(" 001 ");
    if (stands == Stands::outside) return;
    wire_.say("JOIN " + place_.room + "\r\n");
    wire_.expect(" 366 ");
}

void Person::sign_in_xmpp() {
    const std::string open = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
                             "xmlns:stream='http://etherx.jabber.org/streams'>";
    wire_.say(open);
    wire_.expect("</stream:features>");
    wire_.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + base64(std::string(1, '\0') + name_ + std::string(1, '\0') + "secret") +
              "</auth>");
    wire_.expect("<success");
    wire_.say(open);
    wire_.expect("</stream:features>");
    wire_.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    wire_.expect("</iq>");
    wire_.say("<presence to='" + place_.room + "/" + name_ + "'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
    wire_.expect("<subject");
}

void Person::say(std::string_view text, std::string_view id) {
    std::string line;
    if (place_.kind == Place::Kind::irc) {
        line.append("PRIVMSG ").append(place_.room).append(" :").append(text).append("\r\n");
    } else {
        line.append("<message type='groupchat' to='").append(place_.room).append("' id='").append(id);
        line.append("'><body>").append(text).append("</body></message>");
    }
    wire_.say(line);
}

void Person::hear(const Heard& heard) {
    wire_.read(input_);
    input_.erase(0, place_.kind == Place::Kind::irc ? hear_irc(heard) : hear_xmpp(heard));
}

// ":nick!user@host PRIVMSG #room :text"
std::size_t Person::hear_irc(const Heard& heard) {
    std::size_t taken = 0;
    for (std::size_t end = 0; (end = input_.find('\n', taken)) != std::string::npos; taken = end + 1) {
        auto line = std::string_view(input_).substr(taken, end - taken);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with("PING ")) {
            wire_.say("PONG " + std::string(line.substr(5)) + "\r\n");
            wire_.flush();
            continue;
        }
        const auto command = line.find(" PRIVMSG ");
        if (!line.starts_with(':') || command == std::string_view::npos || command != line.find(' ')) continue;
        const auto nick = line.substr(1, line.find('!') - 1);
        const auto text = line.find(" :", command);
        if (text != std::string_view::npos && nick != name_) heard(nick, line.substr(text + 2));
    }
    return taken;
}

// "<message … from='room/nick' …><body>text</body>…</message>"
std::size_t Person::hear_xmpp(const Heard& heard) {
    constexpr std::string_view open = "<message ", close = "</message>";
    std::size_t taken = 0;
    for (std::size_t end = 0; (end = input_.find(close, taken)) != std::string::npos; taken = end + close.size()) {
        auto stanza = std::string_view(input_).substr(taken, end - taken);
        const auto begin = stanza.find(open);
        if (begin == std::string_view::npos) continue;
        stanza.remove_prefix(begin);
        const auto from = between(stanza, " from='", "'");
        const auto nick = from.substr(std::min(from.size(), from.find('/') + 1));
        const auto text = between(stanza, "<body>", "</body>");
        if (!text.empty() && nick != name_) heard(nick, text);
    }
    return taken;
}

}  // namespace parley::measure
