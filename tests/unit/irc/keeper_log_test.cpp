// What a keeper writes down: frames, and the log of a connection, over the death of keeper and bridge.
#include <gmock/gmock.h>

#include "bridges/irc/keeper/log.h"
#include "bridges/kit/pack.h"
#include "tests/support/process.h"

namespace parley::irc::keeper {
namespace {

using service::Code;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeeperFrames, ComeBackAsTheyWere) {
    const Connect connect{"abc", "irc.example.org", "", "/ca.pem", "", "", 6697, 1, 0, 60000, 30000, 1 << 20, 1000};
    for (const Frame& frame : std::vector<Frame>{Hello{}, connect, Say{"id", 1, 2, "PRIVMSG #ops :hi"}, Taken{7}, State{7}, Fact{":a 001 b :c"}, Stated{},
                                                 HangUp{"QUIT :bye"}, Sent{"id", 1, 2, 0}, Welcome{1, "me", 3, 1, 1, 99, "abc"}, Refused{2, 4711, "old"},
                                                 Known{"x"}, Resumed{}, Opened{99}, Heard{8, 100, std::string("\xff\x01 bytes")},
                                                 Closed{9, 101, 6, "gone", "wait"}, Alive{102}}) {
        const auto bytes = encode(frame);
        const auto again = decode(bytes);
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(again->index(), frame.index());
        EXPECT_EQ(encode(*again), bytes);
    }
}

TEST(KeeperFrames, AreRefusedWithOtherFieldsThanTheyHave) {
    for (const auto& bytes : {std::string(), std::string("\xff\xff\xff\xff"), kit::pack({"taken"}), kit::pack({"taken", "1", "2"}),
                              kit::pack({"taken", "one"}), kit::pack({"taken", "-1"}), kit::pack({"taken", "99999999999999999999"}),
                              kit::pack({"taken", ""}), kit::pack({"nothing"}), kit::pack({""})})
        EXPECT_FALSE(decode(bytes)) << bytes;
}

TEST(KeeperFrames, OfALaterVersionAreUnderstoodAsFarAsTheirVersion) {
    const auto later = decode(kit::pack({"hello", "7", "something new"}));
    ASSERT_TRUE(later);
    EXPECT_EQ(std::get<Hello>(*later).version, 7U);
}

class KeeperLog : public ::testing::Test {
protected:
    static service::Time at(int second) { return service::Time(std::chrono::seconds(1'000'000 + second)); }
    void begin() {
        log.emplace(file);
        ASSERT_TRUE(log->begin(at(0)));
        ASSERT_TRUE(log->heard("greeting", at(1)));
        ASSERT_TRUE(log->taken(1));
        ASSERT_TRUE(log->state(1, {"state 1", "state 2"}));
    }
    void hears(int from, int to) {
        for (int i = from; i <= to; ++i) ASSERT_TRUE(log->heard("line " + std::to_string(i), at(i)));
    }
    void dies() {
        log.reset();
        log.emplace(file);
    }
    std::vector<std::string> known() const {
        std::vector<std::string> out;
        log->tell_known([&](std::string line) { out.push_back(std::move(line)); });
        return out;
    }
    std::vector<std::string> untaken() const {
        std::vector<std::string> out;
        for (auto next = log->next(log->taken()); next; next = log->next(next->number)) {
            const auto* heard = std::get_if<Heard>(&next->frame);
            out.push_back(heard != nullptr ? heard->line : "end: " + std::get<Closed>(next->frame).what);
        }
        return out;
    }
    tests::TempFolder folder;
    std::filesystem::path file = folder.path() / "kept";
    std::optional<Log> log;
};

TEST_F(KeeperLog, OffersWhatIsNotTaken) {
    begin();
    hears(2, 5);
    EXPECT_TRUE(log->taken(3));
    EXPECT_THAT(known(), ElementsAre("state 1", "state 2", "line 2", "line 3"));
    EXPECT_THAT(untaken(), ElementsAre("line 4", "line 5"));
    EXPECT_FALSE(log->taken(6)) << "nobody was told that";
    EXPECT_TRUE(log->taken(2)) << "again";
    EXPECT_THAT(untaken(), ElementsAre("line 4", "line 5"));
}

TEST_F(KeeperLog, LetsGoOfWhatAStateTells) {
    begin();
    hears(2, 500);
    const auto before = log->bytes();
    EXPECT_TRUE(log->taken(498));
    EXPECT_TRUE(log->state(497, {"newer"}));
    EXPECT_LT(log->bytes(), before / 10);
    EXPECT_THAT(known(), ElementsAre("newer", "line 498"));
    EXPECT_THAT(untaken(), ElementsAre("line 499", "line 500"));
    EXPECT_FALSE(log->state(499, {"of what is not taken"}));
    EXPECT_FALSE(log->state(498, {}));
}

TEST_F(KeeperLog, OffersAfterADeathWhatWasNotTakenAndThatItEndedWithTheLastLine) {
    begin();
    hears(2, 5);
    EXPECT_TRUE(log->taken(3));
    EXPECT_TRUE(log->state(2, {"newer"}));
    dies();
    EXPECT_TRUE(log->there());
    EXPECT_EQ(log->born(), at(0));
    EXPECT_THAT(known(), ElementsAre("newer", "line 3"));
    EXPECT_THAT(untaken(), ElementsAre("line 4", "line 5", "end: the keeper was ended, and the connection with it"));
    EXPECT_EQ(log->next(5)->time, at(5));
    dies();
    EXPECT_EQ(untaken().size(), 3U) << "it ends once";
    EXPECT_TRUE(log->taken(6));
    EXPECT_FALSE(log->there());
    dies();
    EXPECT_FALSE(log->there());
}

TEST_F(KeeperLog, ForgetsAConnectionOfWhichAllIsTaken) {
    begin();
    hears(2, 5);
    EXPECT_TRUE(log->taken(5));
    EXPECT_TRUE(log->there()) << "it is still up";
    dies();
    EXPECT_FALSE(log->there());
    EXPECT_EQ(log->bytes(), 0U);
}

TEST_F(KeeperLog, ForgetsAConnectionThatNobodyCouldGoOnWith) {
    log.emplace(file);
    ASSERT_TRUE(log->begin(at(0)));
    hears(1, 3);
    dies();
    EXPECT_FALSE(log->there());
}

TEST_F(KeeperLog, OffersTheEndLikeALine) {
    begin();
    hears(2, 2);
    ASSERT_TRUE(log->closed({Code::timeout, "silence", "wait"}, at(9)));
    EXPECT_THAT(untaken(), ElementsAre("line 2", "end: silence"));
    EXPECT_TRUE(log->taken(2));
    EXPECT_TRUE(log->there());
    EXPECT_TRUE(log->taken(3));
    EXPECT_FALSE(log->there());
    EXPECT_THAT(known(), IsEmpty());
}

}  // namespace
}  // namespace parley::irc::keeper
