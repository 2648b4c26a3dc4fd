// A connection that outlives its bridge: the next one knows what the one before knew, and says nothing twice.
#include "bridges/irc/outgoing.h"
#include "broker/service/clock.h"
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Resumed : public Talk {
protected:
    // The bridge dies, and another one begins with what this one had told the keeper.
    void dies(std::vector<Line> more = {}) {
        auto known = session_->state().value();
        for (auto& line : known) line = parse(format(line)).value();
        known.insert(known.end(), more.begin(), more.end());
        session_ = std::make_unique<Session>(settings_, rooms_now_, now_);
        session_->named(now_.time);
        sent_.clear(), rooms_.clear(), heard_.clear(), kept_.clear();
        auto effects = session_->resume(known, now_);
        for (const auto& effect : effects) {
            const auto* room = std::get_if<RoomChanged>(&effect);
            if (room != nullptr && room->kept) kept_.push_back(room->room);
        }
        take(std::move(effects));
    }
    std::vector<std::string> state() const {
        std::vector<std::string> out;
        const auto lines = session_->state().value();
        for (const auto& line : lines) out.push_back(format(line));
        return out;
    }
    void greeted() {
        start();
        hear(":s CAP * LS :server-time message-tags account-tag multi-prefix");
        hear(":s CAP * ACK :server-time message-tags account-tag multi-prefix");
        hear(":s 900 parley p!p@h parley :You are now logged in");
        hear(":s 001 parley :hi");
        hear(":s 005 parley CASEMAPPING=ascii PREFIX=(qaohv)~&@%+ STATUSMSG=@+ NICKLEN=30 TARGMAX=JOIN: :are supported");
        hear(":s 376 parley :end");
        hear(":parley!p@host.example JOIN #ops");
        hear(":s 353 parley = #ops :@alice +bob parley ~carol");
        hear(":s 366 parley #ops :end");
    }

    std::vector<std::string> rooms_now_ = {"#Ops", "#lab"}, kept_;
};

TEST_F(Resumed, TheNextBridgeKnowsWhatTheOneBeforeKnew) {
    greeted();
    hear(":dave!d@d JOIN #ops");
    const auto before = state();
    dies();
    EXPECT_EQ(state(), before);
    EXPECT_TRUE(session_->up());
    EXPECT_EQ(session_->nick(), "parley");
    EXPECT_TRUE(session_->has("account-tag"));
    EXPECT_TRUE(session_->rooms().joined("#OPS"));
    EXPECT_EQ(session_->text_max(4), 512U - (1 + 30 + 1 + 14 + 1 + 8 + 4 + 2 + 2));
    hear(":dave!d@d QUIT :bye");
    ASSERT_THAT(heard_, SizeIs(1));
    EXPECT_EQ(std::get<bus::Membership>(heard_[0].body).change, bus::Membership::Change::leave);
}

TEST_F(Resumed, NothingIsToldAgainAndTheRoomsAreKept) {
    greeted();
    dies();
    EXPECT_THAT(kept_, ElementsAre("#Ops"));
    EXPECT_THAT(rooms_, ElementsAre("+#Ops"));
    EXPECT_THAT(heard_, IsEmpty());
    EXPECT_THAT(sent_, ElementsAre("JOIN #lab")) << "it was not in there yet";
}

TEST_F(Resumed, LinesThatWereTakenSinceTheStateWasToldCount) {
    greeted();
    dies({parse(":eve!e@e JOIN #ops").value(), parse(":parley!p@host.example JOIN #lab").value(),
          parse(":parley!p@host.example NICK parley_").value(), parse(":alice!a@a PRIVMSG #ops :heard already").value()});
    EXPECT_THAT(kept_, ::testing::UnorderedElementsAre("#Ops", "#lab"));
    EXPECT_THAT(heard_, IsEmpty());
    EXPECT_THAT(sent_, IsEmpty());
    EXPECT_EQ(session_->nick(), "parley_");
    hear(":eve!e@e QUIT :bye");
    EXPECT_THAT(heard_, SizeIs(1));
}

TEST_F(Resumed, ARoomThatTheSettingsNameNoMoreIsLeft) {
    greeted();
    rooms_now_ = {"#lab"};
    dies();
    EXPECT_THAT(sent_, ElementsAre("PART #Ops", "JOIN #lab"));
}

TEST_F(Resumed, ManyMembersGoOverManyLines) {
    greeted();
    for (int i = 0; i < 2000; ++i) hear(":guest" + std::to_string(i) + "!g@g JOIN #ops");
    const auto before = state();
    for (const auto& line : before) EXPECT_LE(line.size(), line_bytes_max - 2);
    dies();
    EXPECT_EQ(state(), before);
}

TEST_F(Resumed, NothingToGoOnWithEndsTheConnection) {
    session_ = std::make_unique<Session>(settings_, rooms_now_, now_);
    take(session_->resume({parse(":s 001 parley :hi").value()}, now_));
    EXPECT_THAT(failures_, SizeIs(1));
}

// The events of a line that is heard a second time have the same ids: the broker drops them.
TEST_F(Resumed, ALineGivesTheSameIdsToWhoeverHearsIt) {
    greeted();
    session_->named(now_.time);
    const auto state = session_->state().value();
    std::vector<std::string> ids;
    for (int life = 0; life < 2; ++life) {
        session_ = std::make_unique<Session>(settings_, rooms_now_, Now{now_.time + std::chrono::seconds(life), now_.steady});
        session_->named(now_.time);
        take(session_->resume(state, now_));
        heard_.clear();
        for (std::uint64_t number = 100; number < 103; ++number)
            take(session_->receive(parse(":alice!a@a PRIVMSG #ops :hello").value(), {now_.time, now_.steady, number}));
        take(session_->receive(parse(":s 353 parley = #ops :x y").value(), {now_.time, now_.steady, 103}));
        take(session_->receive(parse(":x!x@x QUIT :bye").value(), {now_.time, now_.steady, 104}));
        for (const auto& event : heard_) ids.push_back(event.origin.native_id);
    }
    ASSERT_THAT(ids, SizeIs(8));
    EXPECT_TRUE(std::equal(ids.begin(), ids.begin() + 4, ids.begin() + 4));
    std::sort(ids.begin(), ids.begin() + 4);
    EXPECT_EQ(std::unique(ids.begin(), ids.begin() + 4), ids.begin() + 4) << "each its own";
}

// What is asked of the keeper about a delivery in doubt.
class AskedOfTheKeeper : public Talk {
protected:
    struct Answers final : kit::Host {
        void link_changed(kit::Link, const service::Error&) override {}
        void received(bus::Event) override {}
        void delivered(const kit::DeliveryId& id, const kit::Receipt&) override { taken.push_back(id); }
        void refused(const kit::DeliveryId&, const service::Error&) override {}
        void room_changed(const std::string&, bool, const service::Error&) override {}
        std::optional<kit::Seen> last_seen(const std::string&) const override { return std::nullopt; }
        std::vector<kit::DeliveryId> taken;
    };
    void SetUp() override {
        settings_.pace_per_second = 0;
        wire_.known.keeper = "this one";
        wire_.known.guests = 1;
        begin();
    }
    void begin() {
        up();
        outgoing_.emplace(host_, *session_, settings_, clock_, wire_);
    }
    // Another bridge, to which the keeper tells what this one had sent.
    void dies(bool same_connection = true) {
        for (const auto& as : wire_.sent_as) wire_.known.of[as.delivery] = {as.lines, as.of, same_connection};
        for (const auto& as : wire_.corrected) {
            if (as.lines == 0)
                wire_.known.of.erase(as.delivery);
            else
                wire_.known.of[as.delivery] = {as.lines, as.of, same_connection};
        }
        ++wire_.known.guests;
        wire_.lines.clear(), wire_.fences.clear(), wire_.sent_as.clear(), wire_.corrected.clear();
        begin();
    }
    static kit::Delivery delivery(const std::string& text, bool in_doubt = false, const std::string& through = "this one") {
        return {{bus::derived_id({text}), "#Ops", 0}, kit::Say{text, bus::Message::Style::plain, {}, {}, {}}, in_doubt, through};
    }
    void deliver(const kit::Delivery& delivery) {
        outgoing_->deliver(delivery);
        outgoing_->pump();
    }
    void pong() { outgoing_->answer(parse(":s PONG s :" + wire_.fences.back()).value()); }

    service::SystemClock clock_;
    Answers host_;
    PlayedWire wire_;
    std::optional<Outgoing> outgoing_;
};

TEST_F(AskedOfTheKeeper, WhatNeverReachedItIsSaidAsIfForTheFirstTime) {
    deliver(delivery("<bob> one", true));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :<bob> one"));
}

TEST_F(AskedOfTheKeeper, WhatWentThroughAnotherStaysInDoubt) {
    deliver(delivery("<bob> one", true, "another one"));
    deliver(delivery("<bob> two", true, ""));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :(maybe again) <bob> one", "PRIVMSG #Ops :(maybe again) <bob> two"));
}

TEST_F(AskedOfTheKeeper, WhatIsOnTheConnectionIsNotSaidAgainAndTheServerAnswersForIt) {
    deliver(delivery("<bob> one"));
    const auto old_fence = wire_.fences.back();
    dies();
    deliver(delivery("<bob> one", true));
    EXPECT_THAT(wire_.lines, IsEmpty());
    EXPECT_THAT(host_.taken, IsEmpty());
    ASSERT_THAT(wire_.fences, SizeIs(1));
    EXPECT_NE(wire_.fences[0], old_fence) << "the answer to the bridge before is none to us";
    outgoing_->answer(parse(":s PONG s :" + old_fence).value());
    EXPECT_THAT(host_.taken, IsEmpty());
    pong();
    EXPECT_THAT(host_.taken, SizeIs(1));
}

TEST_F(AskedOfTheKeeper, WhatWasOnAnEarlierConnectionStaysInDoubt) {
    deliver(delivery("<bob> one"));
    dies(false);
    deliver(delivery("<bob> one", true));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :(maybe again) <bob> one"));
}

TEST_F(AskedOfTheKeeper, OfALongTextTheRestIsSaid) {
    settings_.pace_per_second = 0.001;
    settings_.pace_burst = 2;
    begin();
    const auto text = std::string(350, 'a') + " " + std::string(350, 'b') + " " + std::string(350, 'c') + " the rest";
    deliver(delivery(text));
    ASSERT_THAT(wire_.lines, SizeIs(2));
    dies();
    deliver(delivery(text, true));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :" + std::string(350, 'c') + " the rest"));
    pong();
    EXPECT_THAT(host_.taken, SizeIs(1));
}

TEST_F(AskedOfTheKeeper, WhatTheServerDidNotTakeSinceWeWereKickedIsSaidWhenWeAreBack) {
    deliver(delivery("<bob> one"));
    hear(":alice!a@a KICK #ops parley :out");
    outgoing_->answer(parse(":s 404 parley #ops :Cannot send to channel").value());
    dies();
    deliver(delivery("<bob> one", true));
    EXPECT_THAT(wire_.lines, ElementsAre("PRIVMSG #Ops :<bob> one"));
}

TEST_F(AskedOfTheKeeper, WhatIsSettledIsForgotten) {
    const auto one = delivery("<bob> one");
    deliver(one);
    pong();
    outgoing_->settled(one.id);
    ASSERT_THAT(wire_.corrected, SizeIs(1));
    EXPECT_EQ(wire_.corrected[0].delivery, wire_.sent_as[0].delivery);
    EXPECT_EQ(wire_.corrected[0].lines, 0U);
}

}  // namespace
}  // namespace parley::irc
