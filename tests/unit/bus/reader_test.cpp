// The msgpack reader beside msgpack-cxx, which is slower and surer: both must see the same.
#include "broker/bus/reader.h"

#include <gtest/gtest.h>

#include <msgpack.hpp>

#include "broker/bus/writer.h"
#include "broker/service/random.h"

namespace parley::bus {
namespace {

TEST(Reader, ReadsEveryFormOfANumber) {
    for (const std::int64_t n : {0L, 1L, 127L, 128L, 255L, 256L, 65535L, 65536L, 4294967295L, 4294967296L, INT64_MAX, -1L, -32L, -33L, -128L,
                                 -129L, -32768L, -32769L, -2147483648L, -2147483649L, INT64_MIN}) {
        std::string bytes;
        Writer(bytes).integer(n);
        Reader in(bytes);
        EXPECT_EQ(in.integer(), n);
        in.finish();
        EXPECT_TRUE(in.good()) << n;
        EXPECT_EQ(Reader(bytes).natural(), n < 0 ? 0U : static_cast<std::uint64_t>(n));
    }
    Reader top("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT_EQ(top.natural(), UINT64_MAX);
}

TEST(Reader, ReadsNumbersThatAreWrittenLongerThanNeeded) {
    EXPECT_EQ(Reader(std::string_view("\xcd\x00\x05", 3)).natural(), 5U);
    EXPECT_EQ(Reader(std::string_view("\xd3\xff\xff\xff\xff\xff\xff\xff\xfe", 9)).integer(), -2);
    EXPECT_EQ(Reader(std::string_view("\xd0\x05", 2)).natural(), 5U);
}

TEST(Reader, RefusesWhatIsOutOfRange) {
    Reader small("\x05");
    EXPECT_EQ(small.natural(4), 0U);
    EXPECT_FALSE(small.good());
    Reader big("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT_EQ(big.integer(), 0);
    EXPECT_FALSE(big.good());
}

TEST(Reader, AfterARefusalGivesNothingMore) {
    Reader in("\x01\xa1x");
    EXPECT_EQ(in.text(), "");
    EXPECT_EQ(in.natural(), 0U);
    EXPECT_EQ(in.error("it").what, "it is malformed at byte 0: text is expected");
}

// rest() passes over one value of random bytes exactly if msgpack-cxx can parse one, and to the same place.
TEST(Reader, PassesOverWhatMsgpackCxxParses) {
    const std::uint64_t seed = 20261123;
    SCOPED_TRACE("seed " + std::to_string(seed));
    service::SeededRandom random(seed);
    std::size_t both = 0;
    for (int i = 0; i < 30000; ++i) {
        std::string bytes(1 + random.below(24), '\0');
        for (auto& c : bytes) c = static_cast<char>(random.below(3) == 0 ? 0x80 + random.below(0x80) : random.below(0x100));
        msgpack::null_visitor visitor;
        std::size_t end = 0;
        const bool parsed = msgpack::parse(bytes.data(), bytes.size(), end, visitor);
        Reader in(bytes);
        const auto passed = in.rest(1);
        ASSERT_EQ(in.good(), parsed) << "input " << i;
        if (parsed) {
            ASSERT_EQ(passed.size(), end) << "input " << i;
            ++both;
        }
    }
    EXPECT_GT(both, 1000U);
}

}  // namespace
}  // namespace parley::bus
