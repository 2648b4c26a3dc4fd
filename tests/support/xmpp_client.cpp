// The stream is parsed without namespaces: a test asks for names that only one extension uses.
#include "tests/support/xmpp_client.h"

#include <arpa/inet.h>
#include <expat.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

namespace parley::tests {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

std::string XmlNode::operator[](const std::string& key) const {
    const auto it = attributes.find(key);
    return it == attributes.end() ? "" : it->second;
}
const XmlNode* XmlNode::child(const std::string& child_name) const {
    for (const auto& c : children)
        if (c.name == child_name) return &c;
    return nullptr;
}
std::string XmlNode::child_text(const std::string& child_name) const {
    const auto* c = child(child_name);
    return c ? c->text : "";
}

struct XmppClient::Stream {
    int fd = -1;
    XML_Parser parser = nullptr;
    std::vector<XmlNode> open;
    std::vector<XmlNode> stanzas;

    ~Stream() {
        if (parser) XML_ParserFree(parser);
        if (fd >= 0) ::close(fd);
    }
    void restart() {
        if (parser) XML_ParserFree(parser);
        parser = XML_ParserCreate("UTF-8");
        open.clear();
        XML_SetUserData(parser, this);
        XML_SetElementHandler(
            parser,
            [](void* self, const char* name, const char** attributes) {
                XmlNode node;
                node.name = name;
                for (; *attributes; attributes += 2) node.attributes[attributes[0]] = attributes[1];
                static_cast<Stream*>(self)->open.push_back(std::move(node));
            },
            [](void* self, const char*) { static_cast<Stream*>(self)->closed(); });
        XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
            auto& all = static_cast<Stream*>(self)->open;
            if (!all.empty()) all.back().text.append(text, static_cast<std::size_t>(size));
        });
    }
    void closed() {
        auto node = std::move(open.back());
        open.pop_back();
        if (open.size() > 1)
            open.back().children.push_back(std::move(node));
        else if (open.size() == 1)
            stanzas.push_back(std::move(node));
    }
};

namespace {

std::string base64(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else
            out += c;
    }
    return out;
}

}  // namespace

XmppClient::XmppClient(std::uint16_t port, const std::string& user, const std::string& domain)
    : user_(user), domain_(domain), stream_(std::make_unique<Stream>()) {
    stream_->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(stream_->fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("no XMPP server to connect to");
    const auto open = [&] {
        stream_->restart();
        send("<?xml version='1.0'?><stream:stream to='" + domain_ +
             "' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
        stream_->stanzas.clear();
        return hears([](const XmlNode& n) { return n.name == "stream:features"; }).has_value();
    };
    if (!open()) throw std::runtime_error("no stream features");
    send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + base64(std::string(1, '\0') + user + std::string(1, '\0') + "secret") +
         "</auth>");
    if (!hears([](const XmlNode& n) { return n.name == "success"; })) throw std::runtime_error(user + " cannot sign in");
    if (!open()) throw std::runtime_error("no features after sign-in");
    send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>test</resource></bind></iq>");
    if (!hears([](const XmlNode& n) { return n["id"] == "bind" && n["type"] == "result"; })) throw std::runtime_error("no binding");
    send("<presence/>");
}

XmppClient::~XmppClient() = default;

void XmppClient::send(const std::string& xml) {
    for (std::size_t done = 0; done < xml.size();) {
        const auto n = ::send(stream_->fd, xml.data() + done, xml.size() - done, MSG_NOSIGNAL);
        if (n <= 0) throw std::runtime_error("the XMPP stream of " + user_ + " is gone");
        done += static_cast<std::size_t>(n);
    }
}

bool XmppClient::read(std::chrono::milliseconds limit) {
    pollfd waits{stream_->fd, POLLIN, 0};
    if (poll(&waits, 1, static_cast<int>(std::max<std::int64_t>(0, limit.count()))) <= 0) return false;
    char buffer[16384];
    const auto n = recv(stream_->fd, buffer, sizeof buffer, 0);
    if (n <= 0) {
        gone_ = true;
        return false;
    }
    XML_Parse(stream_->parser, buffer, static_cast<int>(n), 0);
    return true;
}

std::optional<XmlNode> XmppClient::hears(const Test& test, std::chrono::milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    for (std::size_t at = 0;;) {
        for (; at < stream_->stanzas.size(); ++at)
            if (test(stream_->stanzas[at])) return stream_->stanzas[at];
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0 || !read(left)) return std::nullopt;
    }
}

std::optional<XmlNode> XmppClient::hears(const std::string& body, std::chrono::milliseconds deadline) {
    return hears([&](const XmlNode& n) { return n.name == "message" && n["type"] != "error" && n.child_text("body") == body; }, deadline);
}

std::vector<XmlNode> XmppClient::take(std::chrono::milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    for (auto left = deadline; stream_->stanzas.empty() && left.count() > 0 && read(left);)
        left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    return std::exchange(stream_->stanzas, {});
}

int XmppClient::count(const std::string& body) const {
    return static_cast<int>(std::count_if(stream_->stanzas.begin(), stream_->stanzas.end(), [&](const XmlNode& n) {
        return n.name == "message" && n["type"] != "error" && n.child_text("body") == body;
    }));
}

std::string XmppClient::stanza_id(const XmlNode& message) {
    const auto* id = message.child("stanza-id");
    return id ? (*id)["id"] : "";
}

bool XmppClient::join(const std::string& room, const std::string& nick) {
    send("<presence to='" + room + "/" + nick + "'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    return hears([&](const XmlNode& n) { return n.name == "message" && n["from"].starts_with(room) && n.child("subject"); }).has_value();
}

namespace {

std::string shown(const XmlNode& message) {
    const auto from = message["from"];
    return "<" + from.substr(std::min(from.find('/') + 1, from.size())) + "> " + message.child_text("body");
}

}  // namespace

std::vector<std::string> XmppClient::heard_so_far(const std::string& room) {
    while (read(0ms)) {
    }
    std::vector<std::string> out;
    for (const auto& one : stream_->stanzas) {
        const bool said = one.name == "message" && one["type"] == "groupchat" && one["from"].starts_with(room + "/");
        if (said && one.child("body") != nullptr) out.push_back(shown(one));
    }
    return out;
}

std::vector<std::string> XmppClient::archive(const std::string& room, std::string& after) {
    std::vector<std::string> out;
    for (std::string complete; complete != "true";) {
        const auto id = "archive-" + std::to_string(++counter_);
        send("<iq type='set' id='" + id + "' to='" + room + "'><query xmlns='urn:xmpp:mam:2' queryid='" + id +
             "'><set xmlns='http://jabber.org/protocol/rsm'><max>50</max>" + (after.empty() ? "" : "<after>" + after + "</after>") +
             "</set></query></iq>");
        const auto end = hears([&](const XmlNode& n) { return n.name == "iq" && n["id"] == id; });
        const auto* fin = end ? end->child("fin") : nullptr;
        if (fin == nullptr) throw std::runtime_error("no archive of " + room);
        complete = (*fin)["complete"];
        const auto before = after;
        for (const auto& one : stream_->stanzas) {
            const auto* result = one.child("result");
            if (result == nullptr || (*result)["queryid"] != id) continue;
            after = (*result)["id"];
            const auto* forwarded = result->child("forwarded");
            const auto* message = forwarded ? forwarded->child("message") : nullptr;
            if (message != nullptr && message->child("body") != nullptr) out.push_back(shown(*message));
        }
        if (after == before) break;
    }
    return out;
}

std::string XmppClient::message(const std::string& to, const std::string& type, const std::string& inside) {
    static std::atomic<unsigned> counter = 0;  // over all clients: somebody who comes again does not begin again
    const auto id = user_ + "-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
    send("<message to='" + to + "' type='" + type + "' id='" + id + "'>" + inside + "</message>");
    return id;
}

std::string XmppClient::say(const std::string& room, const std::string& text, const std::string& more) {
    return message(room, "groupchat", "<body>" + escaped(text) + "</body>" + more);
}
std::string XmppClient::correct(const std::string& room, const std::string& original, const std::string& text) {
    return say(room, text, "<replace id='" + original + "' xmlns='urn:xmpp:message-correct:0'/>");
}
std::string XmppClient::retract(const std::string& room, const std::string& target) {
    return say(room, "(retracted)", "<retract id='" + target + "' xmlns='urn:xmpp:message-retract:1'/>");
}
std::string XmppClient::react(const std::string& room, const std::string& target, const std::vector<std::string>& emojis) {
    std::string set;
    for (const auto& e : emojis) set += "<reaction>" + e + "</reaction>";
    return message(room, "groupchat", "<reactions id='" + target + "' xmlns='urn:xmpp:reactions:0'>" + set +
                                          "</reactions><store xmlns='urn:xmpp:hints'/>");
}
std::string XmppClient::reply(const std::string& room, const std::string& target, const std::string& quote, const std::string& text) {
    const auto lead = "> " + quote + "\n";  // ASCII only: its length is counted in characters
    return say(room, lead + text,
               "<reply id='" + target + "' xmlns='urn:xmpp:reply:0'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body "
               "start='0' end='" + std::to_string(lead.size()) + "'/></fallback>");
}
std::string XmppClient::tell(const std::string& jid, const std::string& text) {
    return message(jid, "chat", "<body>" + escaped(text) + "</body>");
}
std::string XmppClient::topic(const std::string& room, const std::string& text) {
    return message(room, "groupchat", "<subject>" + escaped(text) + "</subject>");
}
void XmppClient::kick(const std::string& room, const std::string& nick, const std::string& reason) {
    send("<iq type='set' id='kick' to='" + room + "'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='" + nick +
         "' role='none'><reason>" + escaped(reason) + "</reason></item></query></iq>");
}

}  // namespace parley::tests
