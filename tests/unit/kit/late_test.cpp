// What was said long ago: it is all in the journal, but a room is not flooded with it.
#include "tests/unit/kit/bridged.h"

namespace parley::kit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Late : public Bridged {
protected:
    // The other side is away while the first one hears this.
    void SetUp() override {
        bus::FollowOptions options;
        options.start = bus::FollowOptions::Start::now;
        options.filter.kinds = {bus::Kind::receipt};
        asker->follow(options, [this](std::vector<bus::Followed> events) {
            for (const auto& followed : events) receipts.push_back(std::get<bus::Receipt>(followed.event.body));
        });
        b.bridge.reset();
    }
    void said(std::chrono::minutes ago, const std::string& words) {
        bus::Event event;
        event.origin.room.room = "room";
        event.origin.native_id = words;
        event.author = {"bob@here", "bob", bus::Strength::account, false, ""};
        event.body = bus::Message{words};
        event.time = clock.now() - ago;
        a.bridge->received(event);
    }
    void the_other_comes_back(bus::CatchUp limit) {
        settings.house.gateways[0].catch_up = limit;
        start(b);
    }
    std::size_t refused() const {
        return static_cast<std::size_t>(std::count_if(receipts.begin(), receipts.end(), [](const auto& receipt) { return !receipt.refusal.empty(); }));
    }
    std::size_t told() const {
        std::size_t events = 0;
        for (const auto& receipt : receipts) events += 1 + receipt.others.size();
        return events;
    }
    std::vector<bus::Receipt> receipts;
};

TEST_F(Late, WhatIsOlderThanTheGatewaysLimitIsOneLineWithALink) {
    for (int i = 0; i < 3; ++i) said(120min, "old " + std::to_string(i));
    said(10min, "ten minutes ago");
    said(0min, "now");
    the_other_comes_back({1h, 500});
    hears(b, "<bob> now");
    ASSERT_THAT(b.platform->heard, SizeIs(3));
    EXPECT_THAT(b.platform->heard[0], testing::MatchesRegex("3 messages of .* to .* are not repeated here: http://page/m/.*"));
    EXPECT_EQ(b.platform->heard[1], "<bob> ten minutes ago");
    until([&] { return refused() == 3 && told() == 7; }, "a receipt of each, of the line, and of the other side's gap");
    EXPECT_THAT(std::find_if(receipts.begin(), receipts.end(), [](const auto& r) { return !r.refusal.empty(); })->refusal, HasSubstr("not repeated"));
}

TEST_F(Late, OfMoreThanItsCountTheNewestHalfOfItIsTold) {
    for (int i = 0; i < 50; ++i) said(10min, "late " + std::to_string(i));
    for (int i = 0; i < 20; ++i) said(0min, "live " + std::to_string(i));
    the_other_comes_back({24h, 10});
    hears(b, "<bob> live 19");
    ASSERT_THAT(b.platform->heard, SizeIs(1 + 5 + 20));
    EXPECT_THAT(b.platform->heard[0], HasSubstr("45 messages of "));
    EXPECT_EQ(b.platform->heard[1], "<bob> late 45");
    EXPECT_EQ(b.platform->heard[6], "<bob> live 0") << "what is live is no flood, however much it is";
}

TEST_F(Late, WithoutALimitEverythingIsTold) {
    for (int i = 0; i < 50; ++i) said(48h, "old " + std::to_string(i));
    said(0min, "now");
    the_other_comes_back({});
    hears(b, "<bob> now");
    EXPECT_THAT(b.platform->heard, SizeIs(51));
}

TEST_F(Late, TheLineIsSaidAlsoIfTheBridgeDiesBeforeIt) {
    for (int i = 0; i < 3; ++i) said(120min, "old " + std::to_string(i));
    settings.house.gateways[0].catch_up = {1h, 500};
    start(b, [](StrawPlatform& platform) { platform.answers = false; });
    until([&] { return !b.platform->heard.empty(); }, "the line");
    b.bridge.reset();
    start(b);
    until([&] { return !b.platform->heard.empty(); }, "the line again");
    EXPECT_THAT(b.platform->heard, ElementsAre(HasSubstr("3 messages of ")));
    EXPECT_TRUE(b.platform->deliveries[0].in_doubt);
}

}  // namespace
}  // namespace parley::kit
