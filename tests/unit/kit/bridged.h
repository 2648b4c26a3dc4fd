// Two bridges with platforms of straw, over the real broker.
#pragma once

#include "bridges/kit/bridge.h"

#include <gmock/gmock.h>

#include "broker/broker.h"

namespace parley::kit {
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Says yes to everything, at once or when told to.
class StrawPlatform final : public Platform {
public:
    explicit StrawPlatform(Host& host) : host_(host) {
        can_.edits = can_.reactions = can_.replies = can_.receipts = true;
    }
    const Capabilities& capabilities() const override { return can_; }
    void connect() override { come(); }
    void disconnect() override {}
    void deliver(const Delivery& delivery) override {
        deliveries.push_back(delivery);
        if (const auto* say = std::get_if<Say>(&delivery.what)) heard.push_back(say->text.plain);
        if (delivery.id.part >= silent_from) return;
        if (!refusing.empty() && delivery.id.part >= refuses_from) return host_.refused(delivery.id, {service::Code::denied, refusing, {}});
        if (answers) host_.delivered(delivery.id, {"over-there-" + std::to_string(++last_)});
        if (right_behind) std::exchange(right_behind, nullptr)();
    }
    void come() {
        host_.link_changed(Link::up);
        kept ? host_.room_kept("room") : host_.room_changed("room", true);
    }
    std::optional<service::Time> heard_until() const override { return heard_last; }
    std::string sent_through() const override { return through; }
    void doubted(const DeliveryId& id) override { doubts.push_back(id); }
    void settled(const DeliveryId& id) override { settlements.push_back(id); }
    void hold(bool held) override { holds.push_back(held); }
    std::chrono::microseconds silent_for() const override { return silent; }
    void go() { host_.link_changed(Link::down, {service::Code::unavailable, "gone", {}}); }
    void say(const std::string& native_id, const std::string& words) { happens(native_id, bus::Message{words}); }
    void happens(const std::string& native_id, bus::Body body) {
        bus::Event event;
        event.origin.room.room = "room";
        event.origin.native_id = native_id;
        event.author = {"bob@here", "bob", bus::Strength::account, false, ""};
        event.body = std::move(body);
        host_.received(std::move(event));
    }

    void hears(bus::Event event) { host_.received(std::move(event)); }
    void keeps_history() { can_.history = true; }
    void has_no_replies() { can_.replies = false; }
    void takes_at_most(std::size_t bytes) { can_.text_max = bytes; }
    void show(const DeliveryId& id, const std::string& native_id) { host_.known_as(id, native_id); }

    bool answers = true;
    bool kept = false;  // it finds its room joined
    std::optional<service::Time> heard_last;
    std::string through;
    std::vector<DeliveryId> settlements, doubts;
    std::string refusing;
    std::uint32_t refuses_from = 0, silent_from = ~0U;  // parts
    std::function<void()> right_behind;  // happens once, right behind an answer
    std::vector<std::string> heard;
    std::vector<Delivery> deliveries;
    std::vector<bool> holds;
    std::chrono::microseconds silent{0};

private:
    Host& host_;
    Capabilities can_;
    int last_ = 0;
};

// The real time, and as much more as a test says.
struct ShiftedClock final : service::Clock {
    service::SystemClock real;
    std::chrono::seconds ahead{0};
    service::Time now() const override { return real.now() + ahead; }
    service::Steady steady() const override { return real.steady() + ahead; }
};

class Bridged : public ::testing::Test {
protected:
    Bridged() {
        std::string name = "/tmp/parley-kit-XXXXXX";
        folder = ::mkdtemp(name.data());
        settings.house.data = folder;
        settings.house.endpoint = "ipc://" + folder.string() + "/run/broker";
        settings.house.page = "http://page";
        settings.house.accounts = {{"a", "straw"}, {"b", "straw"}};
        settings.house.gateways = {{"g", {{"a", "room"}, {"b", "room"}}}};
        start_broker();
        start(a);
        start(b);
        until([&] { return following(a) && following(b); }, "both bridges follow");
    }
    ~Bridged() override {
        a.bridge.reset();
        b.bridge.reset();
        asker.reset();
        broker.reset();
        std::filesystem::remove_all(folder);
    }

    struct Side {
        std::string account;
        std::unique_ptr<Bridge> bridge;
        StrawPlatform* platform = nullptr;
        OutboxLimits limits{};
        std::uint64_t spool_bytes_max = 1 << 20, held_bytes_max = 1 << 20;
        std::string boot = "one";
    };
    void start_broker() {
        auto started = broker::Broker::start(reactor, clock, random, settings, {});
        ASSERT_TRUE(started) << started.error().text();
        broker = std::move(*started);
    }
    void start(Side& side, const std::function<void(StrawPlatform&)>& prepare = [](StrawPlatform&) {}) {
        side.bridge = std::make_unique<Bridge>(
            reactor, clock, random,
            BridgeOptions{side.account, folder / "bridges" / side.account, settings.house, {}, side.limits, side.spool_bytes_max, side.held_bytes_max, side.boot});
        side.bridge->start([&](Host& host) {
            auto made = std::make_unique<StrawPlatform>(host);
            side.platform = made.get();
            prepare(*made);
            return made;
        });
    }
    // It followed once, and the broker knows its place.
    bool following(const Side& side) {
        if (!asker) {
            bus::ClientOptions options;
            options.endpoint = settings.house.endpoint;
            options.name = "asker";
            asker = std::make_unique<bus::Client>(reactor, options);
        }
        bool found = false, answered = false;
        asker->query("broker", "status", bus::Value::map({}).encode(), 2s, [&](service::Result<std::string> reply) {
            answered = true;
            if (reply)
                found = bus::Value::decode(*reply)->json().find("\"bridge:" + side.account + "\"") != std::string::npos;
        });
        until([&] { return answered; }, "the broker's status");
        return found;
    }
    void watch_gaps() {  // from the journal's beginning, into `gaps`
        bus::FollowOptions options;
        options.start = bus::FollowOptions::Start::beginning;
        options.filter.kinds = {bus::Kind::gap};
        asker->follow(options, [this](std::vector<bus::Followed> events) {
            for (const auto& followed : events) gaps.push_back(std::get<bus::Gap>(followed.event.body));
        });
    }
    void until(const std::function<bool()>& holds, const char* what) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline) {
                ADD_FAILURE() << "waited in vain: " << what;
                return;
            }
            reactor.run_for(2ms);
        }
    }
    void hears(const Side& side, const std::string& words) {
        until([&] { return !side.platform->heard.empty() && side.platform->heard.back() == words; }, words.c_str());
    }

    std::vector<bus::Gap> gaps;
    std::filesystem::path folder;
    service::Reactor reactor;
    ShiftedClock clock;
    service::SystemRandom random;
    broker::Settings settings;
    std::unique_ptr<broker::Broker> broker;
    std::unique_ptr<bus::Client> asker;
    Side a{"a", {}, nullptr}, b{"b", {}, nullptr};
};

}  // namespace parley::kit
