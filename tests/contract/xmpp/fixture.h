// The XMPP bridge's platform against a real Prosody, with people who use a client of their own.
#pragma once

#include <gmock/gmock.h>

#include <csignal>

#include <deque>

#include "bridges/xmpp/xmpp_platform.h"
#include "tests/support/xmpp_client.h"
#include "tests/support/xmpp_server.h"

namespace parley::xmpp {

using namespace std::chrono_literals;
using tests::XmlNode;
using tests::XmppClient;
using tests::XmppServer;

inline const std::string ops = "ops@conference.localhost";

struct RecordingHost final : kit::Host {
    struct Answer {
        kit::DeliveryId id;
        std::string native_id;
        service::Error refused;
    };
    std::vector<kit::Link> links;
    service::Error down_reason;
    std::deque<bus::Event> events;
    std::vector<Answer> answers;
    std::map<std::string, bool> joined;
    service::Error room_reason;
    std::optional<kit::Seen> seen;
    std::function<void(kit::Link)> on_link = [](kit::Link) {};

    void link_changed(kit::Link link, const service::Error& reason) override {
        links.push_back(link);
        on_link(link);
        if (reason) down_reason = reason;
    }
    void received(bus::Event event) override {
        if (event.kind() != bus::Kind::membership && event.kind() != bus::Kind::topic) seen = kit::Seen{event.origin.native_id, event.time};
        events.push_back(std::move(event));
    }
    void delivered(const kit::DeliveryId& id, const kit::Receipt& r) override { answers.push_back({id, r.native_id, {}}); }
    void refused(const kit::DeliveryId& id, const service::Error& e) override { answers.push_back({id, {}, e}); }
    void room_changed(const std::string& room, bool in, const service::Error& reason) override {
        joined[room] = in;
        if (reason) room_reason = reason;
    }
    std::optional<kit::Seen> last_seen(const std::string&) const override { return seen; }

    bool up() const { return !links.empty() && links.back() == kit::Link::up; }
    template <class Body>
    const bus::Event* first(const std::function<bool(const Body&)>& test) const {
        for (const auto& e : events)
            if (const auto* b = std::get_if<Body>(&e.body); b && test(*b)) return &e;
        return nullptr;
    }
    const bus::Event* message(const std::string& text) const {
        return first<bus::Message>([&](const bus::Message& m) { return m.text.plain == text; });
    }
    int messages(const std::string& text) const {
        return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const bus::Event& e) {
            const auto* m = std::get_if<bus::Message>(&e.body);
            return m && m->text.plain == text;
        }));
    }
    const Answer* answer(const kit::DeliveryId& id) const {
        for (const auto& a : answers)
            if (a.id == id) return &a;
        return nullptr;
    }
};

// One bridge and what it runs on. The folder outlives it, as it does in life.
struct Bridge {
    service::Reactor reactor;
    service::SystemClock clock;
    service::SeededRandom random;
    RecordingHost host;
    XmppPlatform platform;

    Bridge(const Settings& settings, std::vector<std::string> rooms, const std::string& folder, std::uint64_t seed = 1)
        : random(seed), platform(settings, {reactor, host, clock, random, "work", std::move(rooms), folder}) {}

    bool until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = 10s) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > end) return false;
            reactor.run_for(10ms);
        }
        return true;
    }
    bool joins(const std::string& room, std::chrono::milliseconds deadline = 20s) {
        return until([&] { return host.joined.contains(room) && host.joined[room]; }, deadline);
    }
    // Delivers and waits for the answer.
    const RecordingHost::Answer* deliver(const kit::Delivery& d) {
        const auto before = host.answers.size();
        platform.deliver(d);
        if (!until([&] { return host.answers.size() > before; })) return nullptr;
        return host.answer(d.id);
    }
};

class Xmpp : public testing::Test {
protected:
    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN);  // as every program of the house does: libstrophe writes without MSG_NOSIGNAL
        if (!XmppServer::available()) GTEST_SKIP() << "Prosody is not installed";
        server.emplace();
        settings.jid = "parley@localhost";
        settings.password = "secret";
        settings.host = "127.0.0.1";
        settings.port = server->port();
        settings.tls = Tls::starttls;
        settings.ca_file = server->ca_file();
        settings.nick = "parley";
        settings.resource = "parley";
    }
    std::string folder() const { return (data.path() / "work").string(); }
    Bridge& start(std::vector<std::string> rooms = {ops}) {
        bridge.emplace(settings, rooms, folder());
        bridge->platform.connect();
        for (const auto& room : rooms) EXPECT_TRUE(bridge->joins(room)) << bridge->host.down_reason.text() << server->log();
        return *bridge;
    }
    XmppClient& enter(const std::string& user, const std::string& room = ops) {
        auto& client = clients.emplace_back(server->port(), user);
        EXPECT_TRUE(client.join(room, user));
        return client;
    }
    // The bridge is away while she says so many lines, and in the room again: more than one without an archive shows on joining.
    void miss_sixty_of(XmppClient& alice, const std::string& room) {
        alice.say(room, "before");
        ASSERT_TRUE(bridge->until([&] { return bridge->host.message("before"); }));
        const auto seen = bridge->host.seen;
        bridge.reset();
        for (int i = 0; i < 60; ++i) alice.say(room, "missed " + std::to_string(i));
        ASSERT_TRUE(alice.hears("missed 59"));
        bridge.emplace(settings, std::vector{room}, folder());
        bridge->host.seen = seen;
        bridge->platform.connect();
        ASSERT_TRUE(bridge->joins(room));
    }
    kit::DeliveryId next_id(const std::string& room = ops) {
        return {bus::derived_id({"test", std::to_string(++number)}), room, 0};
    }
    kit::Delivery say(const std::string& text, const std::string& room = ops) { return {next_id(room), kit::Say{bus::Text(text), {}, {}, {}, {}}, false}; }

    tests::TempFolder data{"xmpp"};
    std::optional<XmppServer> server;
    Settings settings;
    std::optional<Bridge> bridge;
    std::deque<XmppClient> clients;
    int number = 0;
};

}  // namespace parley::xmpp
