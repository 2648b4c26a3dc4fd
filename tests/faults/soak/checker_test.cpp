// The judge itself: that a good run is good, and that each kind of breach is found, and each marker accepted.
#include "tests/faults/soak/checker.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/faults/soak/told.h"

namespace parley::soak {
namespace {

constexpr Micros second = 1'000'000;
constexpr auto here = "small/#lobby", there = "large/#lobby";

std::string line(const std::string& id) { return "<alice> " + words_of(id); }

// Alice has said five things on the small network, a second each, and everybody has heard them.
class Checker : public testing::Test {
protected:
    Checker() {
        for (unsigned i = 0; i < 5; ++i) {
            const auto id = id_of("alice", i);
            record.said.push_back({Said::Kind::message, id, here, "alice", words_of(id), i * second, i * second + 10, true});
            record.archive.push_back({i + 1, "message", here, "alice", words_of(id), {}, {}, 0, 0});
        }
        record.ears = {{here, {}, true}, {there, {}, true}};
        for (unsigned i = 0; i < 5; ++i) heard().push_back(line(id_of("alice", i)));
    }
    std::vector<std::string>& heard() { return record.ears[1].lines; }
    void command() {
        record.said.push_back({Said::Kind::command, "alice-000009", here, "alice", "!tell alice-000009", 9 * second, 9 * second, true});
        record.archive.push_back({10, "message", here, "alice", "!tell alice-000009", {}, {}, 0, 0});
        record.archive.push_back({11, "command_requested", here, "alice", "tell alice-000009", "1myf8zdza1xn", {}, 0, 0});
        heard().push_back("<alice> !tell alice-000009");
        record.runs["alice-000009"] = 1;
    }
    void everybody_hears(const std::string& words) {
        for (auto& ear : record.ears) ear.lines.push_back(words);
    }
    void gap(Micros from, Micros to) {
        record.archive.push_back({20, "gap", here, {}, {}, {}, {}, from, to});
        heard().push_back("00:00-00:00 on small/#lobby is not available: the bridge was away");
    }

    Record record;
};

TEST_F(Checker, FindsNothingInAGoodRun) {
    const auto verdict = check(record);
    EXPECT_TRUE(verdict.good()) << verdict.text();
    EXPECT_EQ(verdict.said, 5U);
    EXPECT_EQ(verdict.heard, 5U);
    EXPECT_EQ(verdict.archived, 5U);
    EXPECT_EQ(verdict.lost_and_marked + verdict.doubled_and_marked, 0U);
}

TEST_F(Checker, FindsWhatOneRoomNeverHeard) {
    heard().erase(heard().begin() + 2);
    const auto verdict = check(record);
    EXPECT_EQ(verdict.lost, 1U) << verdict.text();
    EXPECT_THAT(verdict.text(), testing::HasSubstr("large/#lobby never heard alice-000002"));
}

TEST_F(Checker, FindsWhatWasSaidAndIsNowhere) {
    heard().erase(heard().begin() + 2);
    record.archive.erase(record.archive.begin() + 2);
    EXPECT_EQ(check(record).lost, 1U);
}

TEST_F(Checker, FindsWhatWasHeardAndIsNotInTheArchive) {
    record.archive.erase(record.archive.begin() + 4);
    EXPECT_GE(check(record).lost, 1U);
}

TEST_F(Checker, TakesAGapThatIsToldForWhatWasSaidInIt) {
    heard().erase(heard().begin() + 2);
    record.archive.erase(record.archive.begin() + 2);
    gap(2 * second, 3 * second);
    const auto verdict = check(record);
    EXPECT_TRUE(verdict.good()) << verdict.text();
    EXPECT_EQ(verdict.lost_and_marked, 2U) << "in the archive and in one room";
}

TEST_F(Checker, TakesNoGapOfAnotherTime) {
    heard().erase(heard().begin() + 1);
    record.archive.erase(record.archive.begin() + 1);
    gap(4 * second, 5 * second);
    EXPECT_EQ(check(record).lost, 1U);
}

TEST_F(Checker, TakesNoGapForWhatTheArchiveHas) {
    heard().erase(heard().begin() + 2);
    gap(2 * second, 3 * second);
    EXPECT_EQ(check(record).lost, 1U);
}

TEST_F(Checker, FindsAGapThatARoomWasNotToldOf) {
    gap(2 * second, 3 * second);
    heard().pop_back();
    EXPECT_EQ(check(record).unmarked_gaps, 1U);
}

TEST_F(Checker, FindsWhatWasHeardTwice) {
    heard().insert(heard().begin() + 3, heard()[2]);
    const auto verdict = check(record);
    EXPECT_EQ(verdict.doubled, 1U) << verdict.text();
    EXPECT_EQ(verdict.doubled_and_marked, 0U);
}

TEST_F(Checker, TakesWhatSaysThatItMayComeAgain) {
    heard().insert(heard().begin() + 3, "(maybe again) " + heard()[2]);
    const auto verdict = check(record);
    EXPECT_TRUE(verdict.good()) << verdict.text();
    EXPECT_EQ(verdict.doubled_and_marked, 1U);
}

TEST_F(Checker, FindsWhatTheArchiveHasTwice) {
    record.archive.push_back(record.archive[2]);
    EXPECT_EQ(check(record).doubled, 1U);
}

TEST_F(Checker, FindsWhatWasHeardOutOfOrder) {
    std::swap(heard()[1], heard()[3]);
    EXPECT_GE(check(record).reordered, 1U);
}

TEST_F(Checker, FindsAnotherOrderThanTheJournalsAmongPeople) {
    record.said.push_back({Said::Kind::message, "carl-000000", "work/lobby", "carl", words_of("carl-000000"), 0, 1, true});
    record.archive.insert(record.archive.begin(), {0, "message", "work/lobby", "carl", words_of("carl-000000"), {}, {}, 0, 0});
    for (auto& ear : record.ears) ear.lines.push_back("<carl> " + words_of("carl-000000"));
    EXPECT_EQ(check(record).reordered, 1U) << "the room there heard Carl behind Alice, the archive has him before";
}

TEST_F(Checker, FindsTheArchiveOutOfOrder) {
    std::swap(record.archive[1].text, record.archive[3].text);
    EXPECT_GE(check(record).reordered, 1U);
}

TEST_F(Checker, FindsWordsThatWereCutOrChanged) {
    const auto good = heard()[1];
    for (const auto& bad : {good.substr(0, good.size() - 1), good + "!", "<bob>" + good.substr(7), good.substr(8), "<alice> x " + good.substr(8)}) {
        heard()[1] = bad;
        EXPECT_EQ(check(record).mangled, 1U) << bad;
    }
    heard()[1] = good;
    record.archive[1].text += "!";
    EXPECT_EQ(check(record).mangled, 1U);
}

TEST_F(Checker, FindsWordsOfNobody) {
    heard().push_back("<alice> " + words_of("alice-000077"));
    EXPECT_EQ(check(record).mangled, 1U);
}

TEST_F(Checker, AsksNothingOfWhatItsOwnServerNeverShowed) {
    record.said.push_back({Said::Kind::message, "alice-000005", here, "alice", words_of("alice-000005"), 5 * second, 6 * second, false});
    EXPECT_TRUE(check(record).good());
    heard().push_back(line("alice-000005"));
    record.archive.push_back({6, "message", here, "alice", words_of("alice-000005"), {}, {}, 0, 0});
    EXPECT_TRUE(check(record).good()) << "it may be told";
    heard().pop_back();
    EXPECT_EQ(check(record).lost, 1U) << "but to all or to nobody";
}

TEST_F(Checker, WantsOneAnswerToACommandInEachRoom) {
    command();
    EXPECT_EQ(check(record).lost, 2U);
    record.archive.push_back({12, "run_output", here, "parley", "told alice-000009", "1myf8zdza1xn", {}, 0, 0});
    everybody_hears("told alice-000009");
    EXPECT_TRUE(check(record).good()) << check(record).text();
    heard().push_back("told alice-000009");
    EXPECT_EQ(check(record).doubled, 1U);
}

TEST_F(Checker, TakesALostRunThatIsToldForAnAnswer) {
    command();
    record.archive.push_back({12, "run_finished", here, "parley", {}, "1myf8zdza1xn", "lost", 0, 0});
    everybody_hears("`tell` was lost: its worker died in the middle. It was not run again. (run 1myf8zdz)");
    const auto verdict = check(record);
    EXPECT_TRUE(verdict.good()) << verdict.text();
    EXPECT_EQ(verdict.runs_lost_and_marked, 2U) << "in each of two rooms";
    heard().pop_back();
    EXPECT_EQ(check(record).lost, 1U);
}

TEST_F(Checker, FindsACommandThatWasRunTwice) {
    record.runs["alice-000009"] = 2;
    EXPECT_EQ(check(record).ran_twice, 1U);
}

TEST_F(Checker, KnowsCorrectionsAnswersAndReactions) {
    const std::string carl = "carl-000001";
    const Said edit{Said::Kind::edit, carl, "work/lobby", "carl", words_of(carl), 0, 0, true};
    Said reply = edit;
    reply.kind = Said::Kind::reply;
    const auto read = [](const Said& said, const std::string& words) { return told(words, {{said.id, &said}}); };
    EXPECT_TRUE(read(edit, "<carl> (edited) " + words_of(carl))->whole);
    EXPECT_TRUE(read(reply, "<carl> alice: > alice-000017 says… — " + words_of(carl))->whole);
    EXPECT_EQ(read(reply, "<carl> alice: > alice-000017 says… — " + words_of(carl))->id, carl);
    EXPECT_FALSE(read(edit, "<carl> more " + words_of(carl))->whole);
    EXPECT_EQ(read(edit, "carl reacted 👍 to \"alice-000017 says \"blue…\"")->id, reaction_of("carl", "alice-000017"));
    EXPECT_EQ(gap_told("23:59-00:03 on work/lobby@x is not available: why"), "work/lobby@x");
    EXPECT_FALSE(told("23:59-00:03 on work/lobby@x is not available: why", {}));
}

// A room that does not know yet which of its messages is meant is told of "a message": seen, and counted by itself.
TEST_F(Checker, CountsReactionsThatDoNotSayToWhatAndStillFindsThoseThatNobodyWasToldOf) {
    record.said.push_back({Said::Kind::reaction, "alice-000002", "work/lobby", "carl", {}, 6 * second, 6 * second, true});
    record.archive.push_back({6, "reaction", "work/lobby", "carl", "carl reacted 👍 to \"alice-000002 says\"", {}, {}, 0, 0});
    EXPECT_EQ(check(record).lost, 2U);
    for (auto& ear : record.ears) ear.lines.push_back("carl reacted 👍 to a message");
    const auto verdict = check(record);
    EXPECT_TRUE(verdict.good()) << verdict.text();
    EXPECT_EQ(verdict.vague, 2U);
    heard().pop_back();
    EXPECT_EQ(check(record).lost, 1U);
}

}  // namespace
}  // namespace parley::soak
