// The dynamic value of the query services, and an event as one.
#include "broker/bus/value.h"

#include <gmock/gmock.h>

#include <cmath>

#include "broker/bus/event_value.h"
#include "tests/unit/bus/sample_events.h"

namespace parley::bus {
namespace {

Value sample() {
    return Value::map({{"query", "disk full"}, {"limit", 20}, {"deep", Value::map({{"list", Value::List{1, -2, 3.5, true, Value()}}})}});
}

TEST(Value, SurvivesARoundTrip) {
    const auto back = Value::decode(sample().encode());
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(back->json(), R"({"query":"disk full","limit":20,"deep":{"list":[1,-2,3.5,true,null]}})");
}

TEST(Value, LookUpsOfWhatIsNotThereChainToNil) {
    const auto value = sample();
    EXPECT_TRUE(value["no"]["such"]["key"].is_nil());
    EXPECT_EQ(value["limit"].text("fallback"), "fallback");
    EXPECT_EQ(value["limit"].number(), 20);
    EXPECT_EQ(value["limit"].real(), 20.0);
    EXPECT_EQ(value["query"].number(7), 7);
    EXPECT_TRUE(value["query"].list().empty());
}

TEST(Value, SettingAKeyTwiceKeepsTheLast) {
    Value value;
    value.set("a", 1).set("b", 2).set("a", 3);
    EXPECT_EQ(value.json(), R"({"a":3,"b":2})");
}

TEST(Value, JsonHoldsNoByteThatCouldBreakAPage) {
    EXPECT_EQ(Value("a\"\\\n\x01</script>").json(), R"("a\"\\\n\u0001\u003c/script>")");
    EXPECT_EQ(Value(std::string("\xff")).json(), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(Value(std::nan("")).json(), "null");
}

TEST(Value, RefusesWhatIsDeeperThanSixtyFour) {
    EXPECT_TRUE(Value::decode(std::string(64, '\x91') + "\x01"));
    const auto refused = Value::decode(std::string(65, '\x91') + "\x01");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, service::Code::invalid);
    EXPECT_FALSE(Value::decode(std::string(1000000, '\x91')));
}

TEST(Value, AWholeRealStaysAReal) {
    EXPECT_FALSE(Value::decode(Value(3.0).encode())->is_number());
    EXPECT_EQ(Value::decode(Value(3.0).encode())->real(), 3.0);
}

TEST(Value, RefusesBrokenBytes) {
    for (const std::string& bytes : {std::string(), std::string("\xdd\xff\xff\xff\xff", 5), std::string("\xc1"), std::string("\x81\x01\x01"),
                                    std::string("\xa5hi"), std::string("\x01\x02")}) {
        EXPECT_FALSE(Value::decode(bytes));
    }
}

TEST(Value, ANumberTooLargeForTheTypeBecomesReal) {
    const auto value = Value::decode(std::string("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9));
    ASSERT_TRUE(value);
    EXPECT_NEAR(value->real(), 1.8446744073709552e19, 1e5);
}

TEST(EventValue, NamesWhatEveryEventHas) {
    for (const auto& event : samples::all()) {
        const auto value = to_value(event);
        EXPECT_EQ(value["id"].text(), event.id.text());
        EXPECT_EQ(value["kind"].text(), name(event.kind()));
        EXPECT_EQ(value["account"].text(), "lobby");
        EXPECT_EQ(value["author"]["name"].text(), "Alice");
        EXPECT_EQ(value["visibility"].text(), "members");
        EXPECT_EQ(value["time_us"].number(), 1'795'426'560'123'456);
    }
}

TEST(EventValue, NamesTheFieldsOfTheBody) {
    const auto events = samples::all();
    EXPECT_EQ(to_value(events[0])["text"].text(), "see the log – grün");
    EXPECT_EQ(to_value(events[0])["spans"].list().at(0)["kind"].text(), "link");
    EXPECT_EQ(to_value(events[0])["reply_to"]["native_id"].text(), "native-76");
    EXPECT_EQ(to_value(events[4])["member"].text(), "bob");
    EXPECT_EQ(to_value(events[6])["arguments"]["env"].text(), "prod");
    EXPECT_TRUE(to_value(events[6])["action"]["environment"].is_nil());
    EXPECT_EQ(to_value(events[9])["outcome"].text(), "failed");
    EXPECT_EQ(to_value(events[9])["exit_code"].number(), -11);
}

}  // namespace
}  // namespace parley::bus
