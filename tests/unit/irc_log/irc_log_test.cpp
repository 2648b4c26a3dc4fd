// IRC logs as events.
#include "tools/parley/irc_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::cli {
namespace {

using testing::SizeIs;

const bus::RoomAddress room{"old", "#ubuntu"};

IrcLog read(std::string_view content) { return parse_irc_log("/logs/2007-01-19.train-a.raw.txt", content, room).value(); }
const bus::Message& message(const IrcLog& log, std::size_t i) { return std::get<bus::Message>(log.events.at(i).body); }
const bus::Membership& membership(const IrcLog& log, std::size_t i) { return std::get<bus::Membership>(log.events.at(i).body); }

TEST(IrcLog, ReadsWhatPeopleSayAndDo) {
    const auto log = read("[00:05] <bob> hello > all\n[00:06]  * bob waves\n");
    ASSERT_THAT(log.events, SizeIs(2));
    EXPECT_EQ(log.events[0].author.name, "bob");
    EXPECT_EQ(message(log, 0).text.plain, "hello > all");
    EXPECT_EQ(message(log, 1).text.plain, "waves");
    EXPECT_EQ(message(log, 1).style, bus::Message::Style::action);
    EXPECT_EQ(service::iso8601(log.events[0].time), "2007-01-19T00:05:00.000001Z");
    EXPECT_EQ(log.events[0].origin.room, room);
}

TEST(IrcLog, ReadsJoinsPartsAndNickChanges) {
    const auto log = read("=== bob [n=b@host.example]  has joined #ubuntu\n=== bob is now known as bob_\n=== bob_ [n=b@h]  has left #ubuntu [\"bye\"]\n");
    ASSERT_THAT(log.events, SizeIs(3));
    EXPECT_EQ(membership(log, 0).change, bus::Membership::Change::join);
    EXPECT_EQ(membership(log, 1).new_name, "bob_");
    EXPECT_EQ(membership(log, 2).change, bus::Membership::Change::leave);
    EXPECT_EQ(membership(log, 2).reason, "\"bye\"");
}

TEST(IrcLog, KeepsTheOrderWithinAMinuteAndPassesMidnight) {
    const auto log = read("[23:59] <a> 1\n[23:59] <a> 2\n[00:00] <a> 3\n[00:03] <a> 4\n[00:02] <a> 5\n");
    ASSERT_THAT(log.events, SizeIs(5));
    for (std::size_t i = 1; i < 5; ++i) EXPECT_LT(log.events[i - 1].time, log.events[i].time);
    EXPECT_EQ(service::iso8601(log.events[2].time).substr(0, 16), "2007-01-20T00:00");
}

TEST(IrcLog, ReadsLatin1AndBrokenBytes) {
    const auto log = read("[00:01] <a> caf\xe9\n[00:01] <a> caf\xc3\xa9\n[00:01] <a> \x80\xff\n");
    ASSERT_THAT(log.events, SizeIs(3));
    EXPECT_EQ(message(log, 0).text.plain, "café");
    EXPECT_EQ(message(log, 1).text.plain, "café");
    EXPECT_EQ(message(log, 2).text.plain, "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(IrcLog, GivesTheSameIdsAgain) {
    const auto once = read("[00:01] <a> x\n"), again = read("[00:01] <a> x\n");
    EXPECT_EQ(once.events[0].id, again.events[0].id);
}

TEST(IrcLog, ReadsAFileWhoseNameIsNotUtf8) {
    const auto log = parse_irc_log("gr\xfc\xdf\x65-2007-01-19.txt", "[00:01] <a> x\n", room).value();
    EXPECT_EQ(log.events.at(0).origin.native_id, "grüße-2007-01-19.txt:1");
}

TEST(IrcLog, CountsLinesThatItCannotRead) {
    EXPECT_EQ(read("\nwhat\n[99:99] <a> x\n[00:01] <a\n=== \n=== x\n[\n").lines_skipped, 7U);
    EXPECT_THAT(read("[00:01] <a>\n").events, SizeIs(1));
}

TEST(IrcLog, RefusesAFileWithoutADate) { EXPECT_EQ(parse_irc_log("today.txt", "", room).error().code, service::Code::invalid); }

}  // namespace
}  // namespace parley::cli
