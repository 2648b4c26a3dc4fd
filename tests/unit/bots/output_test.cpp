// What of a run's output is kept and shown.
#include "broker/bots/output.h"

#include <gmock/gmock.h>

namespace parley::bots {
namespace {

using Stream = bus::RunOutput::Stream;

std::string taken(Output& output, bool all = false) {
    std::string data;
    for (auto part = output.take(all); part; part = output.take(all)) data += part->data;
    return data;
}

TEST(Output, WaitsForTheEndOfALine) {
    Output output(1000, 10);
    output.add(Stream::out, "one\ntw");
    EXPECT_EQ(taken(output), "one\n");
    output.add(Stream::out, "o\nend");
    EXPECT_EQ(taken(output), "two\n");
    EXPECT_EQ(taken(output, true), "end");
    EXPECT_EQ(output.lines(), 3U);
    EXPECT_EQ(output.bytes(), 11U);
}

TEST(Output, NumbersItsEventsAndKeepsTheStreamsApart) {
    Output output(1000, 10);
    output.add(Stream::err, "bad\n");
    output.add(Stream::out, "good\n");
    const auto first = output.take(false), second = output.take(false);
    EXPECT_EQ(first->stream, Stream::out);
    EXPECT_EQ(second->stream, Stream::err);
    EXPECT_EQ(second->ordinal, 1U);
    EXPECT_FALSE(output.take(false));
}

TEST(Output, ShowsTheRoomOnlyTheFirstLines) {
    Output output(1000, 2);
    output.add(Stream::out, "a\nb\nc\nd\n");
    EXPECT_EQ(output.take(false)->shown.plain, "a\nb");
    EXPECT_EQ(output.hidden_lines(), 2U);
    output.add(Stream::out, "e\n");
    EXPECT_TRUE(output.take(false)->shown.empty());
    EXPECT_EQ(output.hidden_lines(), 3U);
}

TEST(Output, KeepsAtMostWhatIsAllowedAndCountsTheRest) {
    Output output(10, 100);
    output.add(Stream::out, "12345678\n");
    output.add(Stream::out, "12345678\n12345678\n");
    EXPECT_EQ(taken(output, true), "12345678\n1");
    EXPECT_EQ(output.bytes(), 27U);
    EXPECT_TRUE(output.truncated());
}

TEST(Output, RepairsWhatIsNotUtf8ButNotACharacterCutInTwo) {
    Output output(1 << 20, 10);
    output.add(Stream::out, "gr\xc3");
    output.add(Stream::out, "\xbc\xc3\xbc\x65 \xff\n");
    EXPECT_EQ(taken(output), "grüüe \uFFFD\n");
    std::string line = "x";
    for (int i = 0; i < 50000; ++i) line += "ü";
    output.add(Stream::out, line);
    EXPECT_TRUE(taken(output, true) == line);  // not EXPECT_EQ: it would print 100 kB
}

TEST(Output, ShowsNoTerminalColours) {
    Output output(1000, 10);
    output.add(Stream::out, "\x1b[31mred\x1b[0m \x01ok\n");
    EXPECT_EQ(output.take(false)->shown.plain, "red ok");
}

TEST(Output, LosesNothingBehindAColourThatWasCutShort) {
    Output output(1000, 10);
    output.add(Stream::out, "\x1b[31\nnext line\n\x1b[3\u00fc\u009bx\n");
    EXPECT_EQ(output.take(false)->shown.plain, "next line\n\u00fcx");
}

}  // namespace
}  // namespace parley::bots
