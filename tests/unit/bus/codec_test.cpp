// Events as bytes: nothing is lost, nothing hostile gets through.
#include "broker/bus/codec.h"

#include <gmock/gmock.h>

#include <msgpack.hpp>

#include "broker/service/unicode.h"
#include "tests/unit/bus/sample_events.h"

namespace parley::bus {
using namespace std::chrono_literals;
namespace {

TEST(Codec, EveryKindOfEventSurvivesARoundTrip) {
    const auto events = samples::all();
    ASSERT_EQ(events.size() + 1, std::variant_size_v<Body>) << "a sample for each kind";
    for (const auto& event : events) {
        const auto back = decode(encode(event));
        ASSERT_TRUE(back) << name(event.kind()) << ": " << back.error().text();
        EXPECT_EQ(*back, event) << name(event.kind());
    }
}

TEST(Codec, AnEventWithNothingInItSurvivesARoundTrip) {
    Event event;
    event.id = samples::id_of("bare");
    event.body = Message{};
    const auto back = decode(encode(event));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, event);
}

TEST(Codec, AnyOtherReaderOfMsgpackUnderstandsTheBytes) {
    for (const auto& event : samples::all()) {
        const auto bytes = encode(event);
        const auto handle = msgpack::unpack(bytes.data(), bytes.size());
        ASSERT_EQ(handle->type, msgpack::type::ARRAY);
        ASSERT_EQ(handle->via.array.size, 10U);
        EXPECT_EQ(handle->via.array.ptr[0].as<unsigned>(), event_version);
        EXPECT_EQ(handle->via.array.ptr[2].as<unsigned>(), static_cast<unsigned>(event.kind()));
        EXPECT_EQ(handle->via.array.ptr[4].as<std::int64_t>(), event.time.time_since_epoch().count());
        EXPECT_EQ(handle->via.array.ptr[9].type, msgpack::type::ARRAY);
    }
}

TEST(Codec, TheHeaderSaysTheSameAsTheEvent) {
    for (const auto& event : samples::all()) {
        const auto bytes = encode(event);
        const auto header = decode_header(bytes);
        ASSERT_TRUE(header) << header.error().text();
        EXPECT_EQ(header->id, event.id);
        EXPECT_EQ(header->kind, static_cast<std::uint32_t>(event.kind()));
        EXPECT_EQ(header->account, event.origin.room.account);
        EXPECT_EQ(header->room, event.origin.room.room);
        EXPECT_EQ(header->native_id, event.origin.native_id);
        EXPECT_EQ(header->visibility, event.origin.visibility);
    }
}

TEST(Codec, EveryCutEventIsRefusedWithTheByteWhereItEnds) {
    for (const auto& event : samples::all()) {
        const auto bytes = encode(event);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const auto back = decode(std::string_view(bytes).substr(0, size));
            ASSERT_FALSE(back) << name(event.kind()) << " cut to " << size;
            EXPECT_EQ(back.error().code, service::Code::invalid);
            EXPECT_THAT(back.error().what, testing::HasSubstr("at byte "));
        }
        EXPECT_FALSE(decode(bytes + "x")) << "something after the event";
    }
}

TEST(Codec, WhatANewerVersionAppendedSurvives) {
    for (auto event : samples::all()) {
        event.more_fields = std::string("\x2a\xa3new\x81\xa1k\x92\x01\x02", 11);
        event.more_fields_count = 3;
        event.more_body = std::string("\xc0\xc4\x02zz\xd6\x05wxyz", 11);
        event.more_body_count = 3;
        const auto bytes = encode(event);
        const auto back = decode(bytes);
        ASSERT_TRUE(back) << back.error().text();
        EXPECT_EQ(*back, event);
        EXPECT_EQ(encode(*back), bytes);
    }
}

TEST(Codec, AReceiptOfSeveralSurvivesARoundTrip) {
    const auto event = samples::envelope(Receipt{samples::id_of("target"), {"m1"}, {}, {{samples::id_of("second"), {"m2", "m3"}}, {samples::id_of("third"), {}}}});
    const auto back = decode(encode(event));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, event);
    EXPECT_EQ(native_ids_of(std::get<Receipt>(back->body), samples::id_of("second")), &std::get<Receipt>(back->body).others[0].native_ids);
    EXPECT_EQ(native_ids_of(std::get<Receipt>(back->body), samples::id_of("fourth")), nullptr);
}

TEST(Codec, AReceiptTellsHowEachOfItsDeliveriesWentThere) {
    Receipt receipt{samples::id_of("target"), {"m1"}, {}, {{samples::id_of("second"), {"m2"}, {2, 5s, 3ms}}, {samples::id_of("third"), {}, {}}}, {1, 40us, 7us}};
    for (int times = 0; times < 2; ++times, receipt.others.clear()) {  // with others, and alone
        const auto event = samples::envelope(receipt);
        const auto back = decode(encode(event));
        ASSERT_TRUE(back) << back.error().text();
        EXPECT_EQ(*back, event);
        EXPECT_EQ(passage_of(std::get<Receipt>(back->body), samples::id_of("target"))->waited, 40us);
        EXPECT_EQ(passage_of(std::get<Receipt>(back->body), samples::id_of("fourth")), nullptr);
    }
    EXPECT_EQ(encode(samples::envelope(Receipt{samples::id_of("target"), {"m1"}, {}, {}, {}})).size() + 6, encode(samples::envelope(Receipt{samples::id_of("target"), {"m1"}, {}, {}, {1, 0us, 0us}})).size())
        << "where nothing is known nothing is said";
}

TEST(Codec, AKindFromANewerVersionIsKeptAsItCame) {
    auto event = samples::envelope(Unknown{900, std::string("\x93\x01\xa2hi\x81\xa1k\xc3", 9)});
    const auto back = decode(encode(event));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, event);
    EXPECT_EQ(name(back->kind()), "unknown");
    EXPECT_EQ(static_cast<unsigned>(back->kind()), 900U);
}

TEST(Codec, AnotherVersionIsRefusedByName) {
    auto bytes = encode(samples::all().front());
    bytes[1] = 9;
    const auto back = decode(bytes);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, service::Code::unsupported);
    EXPECT_EQ(back.error().text(), "the event has version 9 (this program knows version 1)");
}

TEST(Codec, AnEventOfMoreThanAMebibyteIsRefused) {
    auto event = samples::envelope(Message{Text(std::string(event_bytes_max, 'x'))});
    EXPECT_EQ(decode(encode(event)).error().code, service::Code::limit);
}

TEST(Codec, TextThatIsNotUtf8ComesOutRepaired) {
    auto event = samples::envelope(Message{Text(std::string("caf\xe9 \xff"), {{Span::Kind::bold, 0, 3, "\xfe"}})});
    event.author.name = "bad\x80name";
    const auto back = decode(encode(event));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_TRUE(service::unicode::valid(std::get<Message>(back->body).text.plain));
    EXPECT_EQ(back->author.name, "bad\xEF\xBF\xBDname");
}

TEST(Codec, SpansThatPointOutsideTheTextAreLeftOut) {
    const std::vector<Span> spans = {{Span::Kind::bold, 4000000000U, 4000000000U, ""}, {Span::Kind::bold, 1, 9, ""},
                                     {static_cast<Span::Kind>(200), 0, 1, ""},         {Span::Kind::italic, 0, 2, ""}};
    const auto back = decode(encode(samples::envelope(Topic{Text("two", spans)})));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_THAT(std::get<Topic>(back->body).text.spans, testing::ElementsAre(Span{Span::Kind::italic, 0, 2, ""}));
}

TEST(Codec, ANumberOutsideItsEnumerationIsRefused) {
    auto event = samples::envelope(RunFinished{});
    std::get<RunFinished>(event.body).outcome = static_cast<Outcome>(99);
    EXPECT_FALSE(decode(encode(event)));
    event = samples::envelope(Message{});
    event.origin.visibility = static_cast<Visibility>(4);
    EXPECT_FALSE(decode(encode(event)));
    EXPECT_FALSE(decode_header(encode(event)));
}

TEST(Codec, AnArrayThatClaimsMoreThanThereIsIsRefusedAtOnce) {
    const std::string huge("\xdd\xff\xff\xff\xff\x01", 6);
    EXPECT_FALSE(decode(huge));
    EXPECT_FALSE(decode_header(huge));
    std::string deep(event_bytes_max, '\x91');
    EXPECT_FALSE(decode(deep));
}

TEST(RoomAddress, IsReadUpToTheFirstSlash) {
    EXPECT_EQ(RoomAddress::from_text("lobby/#a/b"), (RoomAddress{"lobby", "#a/b"}));
    EXPECT_EQ(RoomAddress::from_text("lobby"), std::nullopt);
    EXPECT_EQ(RoomAddress::from_text("/x"), std::nullopt);
    EXPECT_EQ(RoomAddress::from_text("x/"), std::nullopt);
}

TEST(Names, LeadBackToWhatTheyName) {
    for (std::uint32_t k = 1; k <= 12; ++k) EXPECT_EQ(kind_from(name(static_cast<Kind>(k))), static_cast<Kind>(k));
    EXPECT_EQ(kind_from("unknown"), std::nullopt);
    EXPECT_EQ(outcome_from("timed_out"), Outcome::timed_out);
    EXPECT_EQ(visibility_from("closed"), Visibility::closed);
    EXPECT_EQ(name(static_cast<Outcome>(77)), "unknown");
    EXPECT_TRUE(ourselves("robo").bot);
    EXPECT_EQ(ourselves("robo").name, "robo");
}

}  // namespace
}  // namespace parley::bus
