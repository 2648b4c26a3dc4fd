// Two bridges with platforms of straw, over the real broker: what is said here is heard there, whatever dies between.
#include "bridges/kit/bridge.h"

#include <gmock/gmock.h>

#include "broker/broker.h"

namespace parley::kit {
namespace {

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
        if (!refusing.empty()) return host_.refused(delivery.id, {service::Code::denied, refusing, {}});
        if (answers) host_.delivered(delivery.id, {"over-there-" + std::to_string(++last_)});
        if (right_behind) std::exchange(right_behind, nullptr)();
    }
    void come() {
        host_.link_changed(Link::up);
        host_.room_changed("room", true);
    }
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

    void keeps_history() { can_.history = true; }

    bool answers = true;
    std::string refusing;
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
    void start(Side& side) {
        side.bridge = std::make_unique<Bridge>(
            reactor, clock, random,
            BridgeOptions{side.account, folder / "bridges" / side.account, settings.house, {}, side.limits, side.spool_bytes_max, side.held_bytes_max, side.boot});
        side.bridge->start([&](Host& host) {
            auto made = std::make_unique<StrawPlatform>(host);
            side.platform = made.get();
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

    std::filesystem::path folder;
    service::Reactor reactor;
    ShiftedClock clock;
    service::SystemRandom random;
    broker::Settings settings;
    std::unique_ptr<broker::Broker> broker;
    std::unique_ptr<bus::Client> asker;
    Side a{"a", {}, nullptr}, b{"b", {}, nullptr};
};

TEST_F(Bridged, SaysThereWhatIsSaidHere) {
    a.platform->say("1", "hello");
    a.platform->say("2", "world");
    hears(b, "<bob> world");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> world"));
    EXPECT_THAT(a.platform->heard, IsEmpty());
}

TEST_F(Bridged, SaysOnceWhatIsSeenTwice) {
    a.platform->say("1", "hello");
    a.platform->say("1", "hello");
    a.platform->say("2", "end");
    hears(b, "<bob> end");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> end"));
}

TEST_F(Bridged, DropsTheEchoOfWhatItSaid) {
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    until([&] { return b.bridge->status()["outbox"].number() == 0; }, "the answer");
    b.platform->say("over-there-1", "<bob> hello");
    b.platform->say("x", "end");
    hears(a, "<bob> end");
    EXPECT_THAT(a.platform->heard, ElementsAre("<bob> end"));
}

TEST_F(Bridged, FindsTheMessageOfAnEditAReplyAndAReaction) {
    a.platform->say("1", "lunch at noon?");
    a.platform->happens("2", bus::Edit{{{}, "1"}, 1, "lunch at one?"});
    until([&] { return b.platform->deliveries.size() == 2; }, "the correction");
    EXPECT_EQ(std::get<Correct>(b.platform->deliveries.at(1).what).native_id, "over-there-1");

    bus::Message yes{"yes"};
    yes.reply_to.native_id = "over-there-1";
    b.platform->happens("3", yes);
    until([&] { return a.platform->deliveries.size() == 1; }, "the reply");
    EXPECT_EQ(std::get<Say>(a.platform->deliveries.at(0).what).reply_to, "1");

    b.platform->happens("4", bus::Reaction{{{}, "over-there-1"}, "👍", true});
    until([&] { return a.platform->deliveries.size() == 2; }, "the reaction");
    const auto& react = std::get<React>(a.platform->deliveries.at(1).what);
    EXPECT_EQ(react.native_id, "1");
    EXPECT_THAT(react.emojis, ElementsAre("👍"));
}

TEST_F(Bridged, KeepsWhatIsSaidWhileTheBrokerIsAway) {
    a.platform->say("1", "before");
    hears(b, "<bob> before");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's word that it has it");
    broker.reset();
    a.platform->say("2", "meanwhile");
    a.platform->say("3", "still");
    EXPECT_EQ(a.bridge->status()["spool"].number(), 2);
    start_broker();
    hears(b, "<bob> still");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> before", "<bob> meanwhile", "<bob> still"));
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "an empty spool");
}

TEST_F(Bridged, SaysAfterARestartWhatItHadNotSaid) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    b.bridge.reset();
    a.platform->say("2", "meanwhile");
    start(b);
    hears(b, "<bob> meanwhile");
    ASSERT_EQ(b.platform->deliveries.size(), 2u);
    EXPECT_TRUE(b.platform->deliveries[0].in_doubt);
    EXPECT_FALSE(b.platform->deliveries[1].in_doubt);
}

TEST_F(Bridged, PublishesAfterARestartWhatTheSpoolKept) {
    broker.reset();
    a.platform->say("1", "kept");
    a.bridge.reset();
    start_broker();
    start(a);
    until([&] { return b.platform->heard.size() == 2; }, "what was kept, and the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> kept", HasSubstr("the bridge was away")));
}

TEST_F(Bridged, WaitsForTheLinkAndSaysItAgainInDoubt) {
    b.platform->answers = false;
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    b.platform->go();
    a.platform->say("2", "more");
    until([&] { return b.bridge->status()["outbox"].number() == 2; }, "the outbox");
    EXPECT_EQ(b.platform->heard.size(), 1u);
    b.platform->answers = true;
    b.platform->come();
    hears(b, "<bob> more");
    EXPECT_THAT(b.platform->heard, ElementsAre("<bob> hello", "<bob> hello", "<bob> more"));
    EXPECT_TRUE(b.platform->deliveries[1].in_doubt);
    until([&] { return b.bridge->status()["outbox"].number() == 0; }, "an empty outbox");
}

TEST_F(Bridged, DoubtsAfterAPowerCutWhatTheJournalHasAlready) {
    b.bridge.reset();
    a.platform->say("1", "perhaps");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's answer");
    b.boot = "another";
    start(b);
    hears(b, "<bob> perhaps");
    EXPECT_TRUE(b.platform->deliveries.back().in_doubt);
    a.platform->say("2", "certainly");
    hears(b, "<bob> certainly");
    EXPECT_FALSE(b.platform->deliveries.back().in_doubt);
}

TEST_F(Bridged, DoubtsNothingAfterAStartOfTheSystemIfItWasToldToStop) {
    b.bridge->stop();
    b.bridge.reset();
    a.platform->say("1", "once");
    until([&] { return a.bridge->status()["spool"].number() == 0; }, "the broker's answer");
    b.boot = "another";
    start(b);
    hears(b, "<bob> once");
    EXPECT_FALSE(b.platform->deliveries.back().in_doubt);
}

TEST_F(Bridged, FindsTheMessageOfAReactionThatComesRightBehindItsNativeId) {
    b.platform->right_behind = [&] { b.platform->happens("r", bus::Reaction{{{}, "over-there-1"}, "👍", true}); };
    a.platform->say("1", "hello");
    until([&] { return !a.platform->deliveries.empty(); }, "the reaction");
    const auto* reaction = std::get_if<React>(&a.platform->deliveries[0].what);
    ASSERT_NE(reaction, nullptr);
    EXPECT_EQ(reaction->native_id, "1");
}

TEST_F(Bridged, MarksTheTimeThatItWasAway) {
    a.platform->go();
    clock.ahead += std::chrono::seconds(120);
    a.platform->come();
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, MarksWhatThePlatformCouldNotFetchButNoTimeWhenItWasThere) {
    const auto there_until = clock.now();
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now() + 60s, "the archive has lost it"});
    until([&] { return b.platform->deliveries.size() == 1; }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the archive has lost it")));
    std::optional<bus::Gap> marked;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::gap};
    asker->follow(options, [&](std::vector<bus::Followed> events) { marked = std::get<bus::Gap>(events.at(0).event.body); });
    until([&] { return marked.has_value(); }, "the gap");
    EXPECT_GE(marked->from, there_until - 60s);
}

TEST_F(Bridged, MarksTheWholeAbsenceWhereThePlatformKnowsLaterWhatItCannotFetch) {
    std::vector<bus::Gap> marked;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::gap};
    asker->follow(options, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) marked.push_back(std::get<bus::Gap>(followed.event.body));
    });
    a.platform->keeps_history();
    a.platform->go();
    const auto there_until = clock.now();
    clock.ahead += std::chrono::seconds(120);
    a.platform->come();
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now() - 12h, "when we were there nothing was missed"});
    a.platform->happens("", bus::Gap{clock.now() - 24h, clock.now(), "the server keeps only a minute"});
    until([&] { return !marked.empty(); }, "the gap");
    EXPECT_EQ(marked[0].why, "the server keeps only a minute");
    EXPECT_LE(marked[0].from, there_until);
    EXPECT_GE(marked[0].from, there_until - 60s);
}

TEST_F(Bridged, MarksAlsoTheTimeInWhichADeadLinkLookedLikeAQuietRoom) {
    std::optional<bus::Gap> marked;
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::beginning;
    options.filter.kinds = {bus::Kind::gap};
    asker->follow(options, [&](std::vector<bus::Followed> events) { marked = std::get<bus::Gap>(events.at(0).event.body); });
    const auto heard_at = clock.now();
    clock.ahead += std::chrono::seconds(120);
    a.platform->silent = std::chrono::seconds(120);
    a.platform->go();
    a.platform->come();
    until([&] { return marked.has_value(); }, "the gap");
    EXPECT_GE(marked->from, heard_at);
    EXPECT_LT(marked->from, heard_at + 60s);
}

TEST_F(Bridged, AsksForHistoryFromThereWhereNobodyHasSpokenYetHoweverOftenItComesBack) {
    a.platform->keeps_history();
    a.platform->go();
    a.platform->come();
    ASSERT_TRUE(a.bridge->last_seen("room"));
    const auto first = a.bridge->last_seen("room")->time;
    clock.ahead += std::chrono::seconds(120);
    a.platform->go();
    a.platform->come();  // the history is not read this time either
    EXPECT_EQ(a.bridge->last_seen("room")->time, first);
}

TEST_F(Bridged, AsksForHistoryFromWhatWasSaidLastWhoeverCameAfterwards) {
    a.platform->say("m1", "hello");
    hears(b, "<bob> hello");
    a.platform->happens("who-1", bus::Membership{bus::Membership::Change::join, "eve", "eve", {}, {}});
    a.platform->happens("r1", bus::Reaction{{{}, "m1"}, "+", true});
    until([&] { return b.platform->deliveries.size() == 2 && a.bridge->status()["spool"].number() == 0; }, "the reaction");
    ASSERT_TRUE(a.bridge->last_seen("room"));
    EXPECT_EQ(a.bridge->last_seen("room")->native_id, "m1");
}

TEST_F(Bridged, MarksAlsoAMomentThatItWasAway) {
    a.platform->go();
    a.platform->come();
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, MarksASecondAbsenceThoughItDiedBeforeTheFirstReturnWasNoted) {
    a.platform->go();
    a.platform->come();
    until([&] { return b.platform->heard.size() == 1; }, "the first marker");
    a.bridge.reset();
    clock.ahead += std::chrono::seconds(60);
    start(a);
    until([&] { return b.platform->heard.size() == 2; }, "the second marker");
    EXPECT_THAT(b.platform->heard, ::testing::Each(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, TellsTheJournalWhatBecameOfADelivery) {
    bus::FollowOptions options;
    options.start = bus::FollowOptions::Start::now;
    options.filter.kinds = {bus::Kind::receipt};
    std::vector<bus::Receipt> receipts;
    asker->follow(options, [&](std::vector<bus::Followed> events) {
        for (const auto& followed : events) receipts.push_back(std::get<bus::Receipt>(followed.event.body));
    });
    a.platform->say("1", "hello");
    until([&] { return receipts.size() == 1; }, "the receipt");
    EXPECT_THAT(receipts[0].native_ids, ElementsAre("over-there-1"));
    b.platform->refusing = "you are muted";
    a.platform->say("2", "hello?");
    until([&] { return receipts.size() == 2; }, "the refusal");
    EXPECT_THAT(receipts[1].refusal, HasSubstr("you are muted"));
    EXPECT_THAT(receipts[1].native_ids, IsEmpty());
}

TEST_F(Bridged, MarksWhatItCouldNotKeep) {
    a.bridge.reset();
    a.spool_bytes_max = 1200;
    a.held_bytes_max = 0;
    start(a);
    broker.reset();
    for (int i = 0; i < 20; ++i) a.platform->say(std::to_string(i), std::string(50, 'x'));
    const auto kept = a.bridge->status()["spool"].number();
    EXPECT_GT(kept, 0);
    EXPECT_LT(kept, 20);
    start_broker();
    until([&] { return b.platform->heard.size() == static_cast<std::size_t>(kept) + 1; }, "the marker");
    EXPECT_THAT(b.platform->heard.back(), HasSubstr("is not available: the broker was away for too long"));
}

TEST_F(Bridged, HoldsThePlatformWhileItsSpoolIsFullAndLosesNothing) {
    a.bridge.reset();
    a.spool_bytes_max = 1200;
    start(a);
    broker.reset();
    std::vector<std::string> wanted;
    for (int i = 0; i < 20; ++i) {
        a.platform->say(std::to_string(i), "line " + std::to_string(i));
        wanted.push_back("<bob> line " + std::to_string(i));
    }
    until([&] { return !a.platform->holds.empty(); }, "the hold");
    EXPECT_THAT(a.platform->holds, ElementsAre(true));
    EXPECT_THAT(a.bridge->status()["trouble"].text(), HasSubstr("start the broker"));
    start_broker();
    until([&] { return a.platform->holds.size() == 2; }, "the end of the hold");
    EXPECT_THAT(a.platform->holds, ElementsAre(true, false));
    EXPECT_EQ(a.bridge->status()["trouble"].text(), "");
    hears(b, wanted.back());
    ASSERT_THAT(b.platform->heard.front(), HasSubstr("the bridge was away"));  // it was started anew
    b.platform->heard.erase(b.platform->heard.begin());
    EXPECT_THAT(b.platform->heard, ::testing::ElementsAreArray(wanted));
}

TEST_F(Bridged, MarksWhatItHeldWhenItDied) {
    a.bridge.reset();
    a.spool_bytes_max = 100;
    start(a);
    broker.reset();
    a.platform->say("1", std::string(200, 'x'));
    until([&] { return !a.platform->holds.empty(); }, "the hold");
    clock.ahead += std::chrono::seconds(60);
    a.bridge.reset();  // with what it had in memory only
    a.spool_bytes_max = 1 << 20;
    start_broker();
    start(a);
    until([&] { return !b.platform->heard.empty(); }, "the marker");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("on a/room is not available: the bridge was away")));
}

TEST_F(Bridged, AnswersForItsHealth) {
    std::optional<bus::Value> status;
    asker->query("account.a", "status", bus::Value::map({}).encode(), 2s, [&](service::Result<std::string> reply) {
        if (reply) status = *bus::Value::decode(*reply);
    });
    until([&] { return status.has_value(); }, "the account's status");
    EXPECT_EQ((*status)["link"].text(), "up");
    EXPECT_EQ((*status)["rooms"].list().at(0)["room"].text(), "room");
    EXPECT_TRUE((*status)["rooms"].list().at(0)["joined"].boolean());
}

}  // namespace
}  // namespace parley::kit
