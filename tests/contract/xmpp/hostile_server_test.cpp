// A server that means harm: it takes us in like any other, and then sends what no server should. The bridge's platform
// gives the connection up with a reason, its memory stays small, and it would come back.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "bridges/xmpp/xmpp_platform.h"
#include "tests/support/process.h"

namespace parley::xmpp {
namespace {

using namespace std::chrono_literals;

// Speaks just enough to sign anybody in, then sends `harm` as fast as it is taken.
class HostileServer {
public:
    explicit HostileServer(std::function<bool(const std::function<bool(const std::string&)>&)> harm) : harm_(std::move(harm)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 4) != 0) throw std::runtime_error("cannot listen");
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    ~HostileServer() {
        thread_.request_stop();
        ::shutdown(listener_, SHUT_RDWR);
        if (peer_ >= 0) ::shutdown(peer_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    HostileServer(const HostileServer&) = delete;
    HostileServer& operator=(const HostileServer&) = delete;
    std::uint16_t port() const { return port_; }
    int visits() const { return visits_; }

private:
    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            peer_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (peer_ < 0) return;
            ++visits_;
            if (sign_in()) harm_([this](const std::string& bytes) { return say(bytes); });
            // Until it hangs up.
            char buffer[4096];
            while (!stop.stop_requested() && ::recv(peer_, buffer, sizeof buffer, 0) > 0) {}
            const int old = peer_.exchange(-1);
            ::close(old);
        }
    }
    bool say(const std::string& bytes) const { return ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()); }
    bool hears(const std::string& part) {
        char buffer[4096];
        for (; heard_.find(part) == std::string::npos;) {
            const auto got = ::recv(peer_, buffer, sizeof buffer, 0);
            if (got <= 0) return false;
            heard_.append(buffer, static_cast<std::size_t>(got));
        }
        return true;
    }
    bool stream(const std::string& features) {
        const bool opened = hears("<stream:stream");
        heard_.clear();
        return opened && say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='localhost' version='1.0'>"
                             "<stream:features>" + features + "</stream:features>");
    }
    bool sign_in() {
        heard_.clear();
        if (!stream("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>") || !hears("</auth>")) return false;
        heard_.clear();
        if (!say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") || !stream("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>") || !hears("</iq>")) return false;
        const auto at = heard_.find("id=\"") + 4;
        const auto id = heard_.substr(at, heard_.find('"', at) - at);
        return say("<iq type='result' id='" + id + "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>parley@localhost/x</jid></bind></iq>");
    }

    std::function<bool(const std::function<bool(const std::string&)>&)> harm_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> peer_{-1}, visits_{0};
    std::string heard_;
    std::jthread thread_;
};

struct CountingHost final : kit::Host {
    int ups = 0, events = 0;
    std::vector<service::Error> downs;
    void link_changed(kit::Link link, const service::Error& reason) override {
        ups += link == kit::Link::up ? 1 : 0;
        if (link == kit::Link::down) downs.push_back(reason);
    }
    void received(bus::Event) override { ++events; }
    void delivered(const kit::DeliveryId&, const kit::Receipt&) override {}
    void refused(const kit::DeliveryId&, const service::Error&) override {}
    void room_changed(const std::string&, bool, const service::Error&) override {}
    std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }
};

std::size_t memory_bytes() {
    std::size_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

class Hostile : public testing::Test {
protected:
    // What the bridge makes of it: the reason for which the first link went, and how much memory it took at most.
    struct Outcome {
        service::Error why;
        std::size_t grown_bytes = 0;
        bool came_back = false;
    };
    static Outcome meet(const std::function<bool(const std::function<bool(const std::string&)>&)>& harm) {
        std::signal(SIGPIPE, SIG_IGN);
        HostileServer server(harm);
        Settings settings;
        settings.jid = "parley@localhost";
        settings.password = "secret";
        settings.host = "127.0.0.1";
        settings.port = server.port();
        settings.tls = Tls::none;
        settings.nick = settings.resource = "parley";
        const tests::TempFolder folder("hostile");
        service::Reactor reactor;
        const service::SystemClock clock;
        service::SeededRandom random(1);
        CountingHost host;
        XmppPlatform platform(settings, {reactor, host, clock, random, "work", {}, folder.path().string()});
        platform.connect();
        const auto before = memory_bytes();
        Outcome out;
        const auto until = [&](const std::function<bool()>& holds) {
            const auto end = clock.steady() + 20s;
            while (!holds() && clock.steady() < end) {
                reactor.run_for(10ms);
                const auto now = memory_bytes();
                out.grown_bytes = std::max(out.grown_bytes, now > before ? now - before : 0);
            }
            return holds();
        };
        EXPECT_TRUE(until([&] { return host.ups > 0; })) << "it was never let in";
        EXPECT_TRUE(until([&] { return !host.downs.empty(); })) << "it put up with it";
        if (!host.downs.empty()) out.why = host.downs[0];
        out.came_back = until([&] { return server.visits() > 1; });
        EXPECT_EQ(host.events, 0);
        return out;
    }
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t grown_bytes_max = 512 << 20;  // what was freed is kept (256 MiB of it), or each byte has shadows
#else
constexpr std::size_t grown_bytes_max = 64 << 20;
#endif

TEST_F(Hostile, AStanzaWithoutAnEndIsGivenUp) {
    const auto out = meet([](const auto& say) {
        if (!say("<message from='a@localhost/x'><body>")) return false;
        const std::string piece(65536, 'x');
        for (std::size_t sent = 0; sent < 512 << 20; sent += piece.size()) {
            if (!say(piece)) return true;  // it hung up
        }
        return true;
    });
    EXPECT_THAT(out.why.text(), testing::HasSubstr("larger than"));
    EXPECT_LT(out.grown_bytes, grown_bytes_max);
    EXPECT_TRUE(out.came_back);
}

TEST_F(Hostile, AStanzaOfElementsWithoutAnEndIsGivenUp) {
    const auto out = meet([](const auto& say) {
        if (!say("<message from='a@localhost/x'>")) return false;
        std::string piece;
        for (int i = 0; i < 4000; ++i) piece += "<a>";
        for (std::size_t sent = 0; sent < 64 << 20; sent += piece.size()) {
            if (!say(piece)) return true;
        }
        return true;
    });
    EXPECT_TRUE(out.why) << "with a reason";
    EXPECT_LT(out.grown_bytes, 4 * grown_bytes_max);
    EXPECT_TRUE(out.came_back);
}

// Billion laughs (https://en.wikipedia.org/wiki/Billion_laughs_attack), where a stanza should be.
TEST_F(Hostile, AnEntityBombIsNotSetOff) {
    const auto out = meet([](const auto& say) {
        std::string bomb = "<!DOCTYPE m [<!ENTITY a0 'ha'>";
        for (int i = 1; i < 30; ++i) {
            bomb += "<!ENTITY a" + std::to_string(i) + " '";
            for (int k = 0; k < 10; ++k) bomb += "&a" + std::to_string(i - 1) + ";";
            bomb += "'>";
        }
        return say(bomb + "]><message from='a@localhost/x'><body>&a29;</body></message>");
    });
    EXPECT_TRUE(out.why) << "with a reason";
    EXPECT_LT(out.grown_bytes, grown_bytes_max);
    EXPECT_TRUE(out.came_back);
}

TEST_F(Hostile, BytesThatAreNoUtf8EndTheStream) {
    const auto out = meet([](const auto& say) { return say("<message from='a@localhost/x'><body>\xff\xfe\x80</body></message>"); });
    EXPECT_TRUE(out.why) << "with a reason";
    EXPECT_TRUE(out.came_back);
}

TEST_F(Hostile, ANulEndsTheStream) {
    const auto out = meet([](const auto& say) { return say(std::string("<message from='a@localhost/x'><body>a\0b</body></message>", 54)); });
    EXPECT_TRUE(out.why) << "with a reason";
    EXPECT_TRUE(out.came_back);
}

}  // namespace
}  // namespace parley::xmpp
