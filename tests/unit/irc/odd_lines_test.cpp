// What a server tells twice, in the wrong order or late.
#include "tests/unit/irc/played.h"

namespace parley::irc {
namespace {

using ::testing::SizeIs;

class OddLines : public Talk {
protected:
    OddLines() {
        up();
        hear(":s CAP parley NEW :server-time message-tags");
        hear(":s CAP parley ACK :server-time message-tags");
    }
    static std::string words(const bus::Event& event) { return std::get<bus::Message>(event.body).text.plain; }
};

TEST_F(OddLines, TheSameMessageAgainIsTheSameEvent) {
    hear("@msgid=m1 :alice!a@h PRIVMSG #ops :once");
    hear("@msgid=m1 :alice!a@h PRIVMSG #ops :once");
    hear("@msgid=m2 :alice!a@h PRIVMSG #ops :once");
    ASSERT_THAT(heard_, SizeIs(3));
    EXPECT_EQ(heard_[0].origin.native_id, heard_[1].origin.native_id) << "so that the copy is dropped";
    EXPECT_NE(heard_[0].origin.native_id, heard_[2].origin.native_id) << "the same words again are another message";
}

TEST_F(OddLines, AreHeardInTheOrderInWhichTheyCameWithTheTimesThatTheyHave) {
    hear("@msgid=m2;time=2026-11-23T10:00:02.000Z :alice!a@h PRIVMSG #ops :second");
    hear("@msgid=m1;time=2026-11-23T10:00:01.000Z :alice!a@h PRIVMSG #ops :first");
    ASSERT_THAT(heard_, SizeIs(2));
    EXPECT_EQ(words(heard_[0]), "second");
    EXPECT_EQ(words(heard_[1]), "first");
    EXPECT_EQ(heard_[0].time - heard_[1].time, std::chrono::seconds(1));
}

TEST_F(OddLines, ComingsAndGoingsOfNobodyAndInTheWrongOrderAreHarmless) {
    hear(":zoe!z@h PART #ops :before she came");
    hear(":zoe!z@h QUIT :nor here");
    hear(":zoe!z@h JOIN #ops");
    hear(":zoe!z@h JOIN #ops");
    hear("@msgid=m3 :zoe!z@h PRIVMSG #ops :here I am");
    ASSERT_FALSE(heard_.empty());
    EXPECT_EQ(words(heard_.back()), "here I am");
}

}  // namespace
}  // namespace parley::irc
