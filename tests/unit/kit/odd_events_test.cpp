// What a platform tells twice, in the wrong order or late.
#include "tests/unit/kit/bridged.h"

namespace parley::kit {
namespace {

class OddEvents : public Bridged {
protected:
    // What people said; markers are another matter.
    static std::vector<std::string> talk(const Side& side) {
        std::vector<std::string> out;
        for (const auto& words : side.platform->heard)
            if (words.starts_with("<")) out.push_back(words);
        return out;
    }
};

TEST_F(OddEvents, AreSaidOnceThoughTheyComeAgainAfterARestart) {
    a.platform->say("1", "hello");
    hears(b, "<bob> hello");
    a.bridge.reset();
    start(a);
    a.platform->say("1", "hello");
    a.platform->say("2", "end");
    a.platform->say("1", "hello");
    hears(b, "<bob> end");
    EXPECT_THAT(talk(b), ElementsAre("<bob> hello", "<bob> end"));
}

TEST_F(OddEvents, AreSaidOnceThoughTheyComeAgainWithOtherWords) {
    a.platform->say("1", "hello");
    a.platform->say("1", "goodbye");
    a.platform->say("2", "end");
    hears(b, "<bob> end");
    EXPECT_THAT(talk(b), ElementsAre("<bob> hello", "<bob> end"));
}

TEST_F(OddEvents, AreSaidInTheOrderInWhichTheyCame) {
    a.platform->say("3", "third");
    a.platform->say("1", "first");
    a.platform->say("2", "second");
    hears(b, "<bob> second");
    EXPECT_THAT(talk(b), ElementsAre("<bob> third", "<bob> first", "<bob> second"));
}

TEST_F(OddEvents, AreSaidThoughTheyAreDaysLateAndTheNextOnesAreNotTakenForOld) {
    a.platform->say("1", "now");
    bus::Event late;
    late.origin.room.room = "room";
    late.origin.native_id = "0";
    late.time = clock.now() - 48h;
    late.author = {"bob@here", "bob", bus::Strength::account, false, ""};
    late.body = bus::Message{"two days ago"};
    static_cast<Host&>(*a.bridge).received(late);
    a.platform->say("2", "now again");
    hears(b, "<bob> now again");
    EXPECT_THAT(talk(b), ElementsAre("<bob> now", HasSubstr("two days ago"), "<bob> now again"));
}

TEST_F(OddEvents, AnEditOrAReactionBeforeItsMessageLeavesTheMessageWhole) {
    a.platform->happens("2", bus::Edit{{{}, "1"}, 1, "the whole truth"});
    a.platform->happens("3", bus::Reaction{{{}, "1"}, "👍", true});
    a.platform->say("1", "half of it");
    a.platform->say("4", "end");
    hears(b, "<bob> end");
    EXPECT_THAT(talk(b), ::testing::Contains("<bob> half of it").Times(1));
}

}  // namespace
}  // namespace parley::kit
