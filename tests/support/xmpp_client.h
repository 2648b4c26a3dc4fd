// A person with an XMPP client, for tests: a plain socket and expat, nothing shared with the bridge. It reads only
// while it waits for something, and waits with a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::tests {

// A stanza as it came: attributes include xmlns where it was written.
struct XmlNode {
    std::string name, text;
    std::map<std::string, std::string> attributes;
    std::vector<XmlNode> children;
    std::string operator[](const std::string& key) const;
    const XmlNode* child(const std::string& child_name) const;
    std::string child_text(const std::string& child_name) const;
};

class XmppClient {
public:
    using Test = std::function<bool(const XmlNode&)>;
    static constexpr std::chrono::milliseconds patience{10'000};

    // Signs in without TLS; throws if that fails. The password is "secret".
    XmppClient(std::uint16_t port, const std::string& user, const std::string& domain = "localhost");
    ~XmppClient();

    bool join(const std::string& room, const std::string& nick);
    // Each says something and returns the message's id.
    std::string say(const std::string& room, const std::string& text, const std::string& more = {});
    std::string correct(const std::string& room, const std::string& original, const std::string& text);
    std::string retract(const std::string& room, const std::string& target);
    std::string react(const std::string& room, const std::string& target, const std::vector<std::string>& emojis);
    std::string reply(const std::string& room, const std::string& target, const std::string& quote, const std::string& text);
    std::string tell(const std::string& jid, const std::string& text);
    std::string topic(const std::string& room, const std::string& text);
    void kick(const std::string& room, const std::string& nick, const std::string& reason);
    void send(const std::string& xml);

    // The first stanza that passes, among those that came already and those that still come.
    std::optional<XmlNode> hears(const Test& test, std::chrono::milliseconds deadline = patience);
    std::optional<XmlNode> hears(const std::string& body, std::chrono::milliseconds deadline = patience);
    // What was said in the room so far, ourselves and history included, as "<nick> body".
    std::vector<std::string> heard_so_far(const std::string& room);
    // The same of all that the room's archive (XEP-0313) holds, read to its end; throws if it does not answer. `after`: from
    // where an earlier call ended, or empty; it is moved on.
    std::vector<std::string> archive(const std::string& room) {
        std::string after;
        return archive(room, after);
    }
    std::vector<std::string> archive(const std::string& room, std::string& after);
    // What came since it was asked last, once there is something; what was taken is forgotten. Empty at the deadline.
    std::vector<XmlNode> take(std::chrono::milliseconds deadline);
    bool gone() const { return gone_; }  // the stream has ended, as far as was read
    int count(const std::string& body) const;  // how often it was said, of what has come so far
    // The id that the room gave to the message.
    static std::string stanza_id(const XmlNode& message);

private:
    struct Stream;
    bool read(std::chrono::milliseconds limit);
    std::string message(const std::string& to, const std::string& type, const std::string& inside);

    std::string user_, domain_;
    std::unique_ptr<Stream> stream_;
    unsigned counter_ = 0;
    bool gone_ = false;
};

}  // namespace parley::tests
