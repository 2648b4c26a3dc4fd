// Frames as bytes, both ways.
#include "broker/bus/frames.h"

#include <gmock/gmock.h>

#include "tests/unit/bus/sample_frames.h"

namespace parley::bus {
namespace {

using samples::from_broker_frames;

// With the fields that came after the first version, behind which a newer one appends its own.
std::vector<ToBroker> to_broker_frames() {
    auto frames = samples::to_broker_frames();
    std::get<to_broker::Follow>(frames.at(2)).options.patience = std::chrono::milliseconds(20);
    return frames;
}

template <class Decode>
void survives(const auto& frames, Decode decode) {
    std::size_t kind = 0;
    for (const auto& frame : frames) {
        ASSERT_EQ(frame.index(), kind++) << "a sample for each kind of frame, in order";
        const auto bytes = encode(frame);
        const auto back = decode(bytes);
        ASSERT_TRUE(back) << back.error().text();
        EXPECT_EQ(back->index(), frame.index());
        EXPECT_EQ(encode(*back), bytes);
        const auto longer = samples::with_another_field(bytes);
        const auto newer = decode(longer);
        ASSERT_TRUE(newer) << newer.error().text();
        EXPECT_EQ(encode(*newer), bytes) << "a field that a newer version appended is passed over";
        for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size)));
        EXPECT_FALSE(decode(bytes + "x"));
    }
}

TEST(Frames, ToTheBrokerSurviveARoundTrip) {
    survives(to_broker_frames(), decode_to_broker);
    ASSERT_EQ(to_broker_frames().size(), std::variant_size_v<ToBroker>);
}

TEST(Frames, FromTheBrokerSurviveARoundTrip) {
    survives(from_broker_frames(), decode_from_broker);
    ASSERT_EQ(from_broker_frames().size(), std::variant_size_v<FromBroker>);
}

TEST(Frames, KeepEveryField) {
    const auto frame = decode_to_broker(encode(to_broker_frames()[2]));
    const auto& follow = std::get<to_broker::Follow>(*frame);
    EXPECT_EQ(follow.options.cursor, "indexer");
    EXPECT_EQ(follow.options.start, FollowOptions::Start::now);
    EXPECT_EQ(follow.options.credit, 77U);
    EXPECT_EQ(follow.after, 1234567890123U);
    EXPECT_THAT(follow.options.filter.gateways, testing::ElementsAre("ops"));
    EXPECT_THAT(follow.options.filter.rooms, testing::ElementsAre(RoomAddress{"lobby", "#ops"}));
    EXPECT_THAT(follow.options.filter.kinds, testing::ElementsAre(Kind::message, Kind::edit));
    EXPECT_EQ(follow.options.filter.deliver_to, "work");
    EXPECT_EQ(follow.options.patience, std::chrono::milliseconds(20));
}

TEST(Frames, OfAnUnknownVerbAreRefusedByPlace) {
    const auto frame = decode_to_broker(std::string("\x91\x63", 2));
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().what, "the frame is malformed at byte 2: an unknown verb");
}

TEST(Frames, OfMoreThanTheLimitAreRefused) {
    EXPECT_EQ(decode_to_broker(std::string(frame_bytes_max + 1, '\x91')).error().code, service::Code::limit);
    EXPECT_FALSE(decode_to_broker(std::string(frame_bytes_max, '\x91')));
}

TEST(Frames, ADeadlineBelowZeroGoesOutAsNone) {
    const auto back = decode_to_broker(encode(ToBroker(to_broker::Query{1, "s", "m", "b", std::chrono::milliseconds(-5)})));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<to_broker::Query>(*back).deadline.count(), 0);
}

}  // namespace
}  // namespace parley::bus
