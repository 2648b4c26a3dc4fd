// Ids: the same happening gives the same id, and people can type them.
#include "broker/bus/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace parley::bus {
namespace {

TEST(EventId, SurvivesBeingWrittenAndRead) {
    service::SeededRandom random(20261123);
    for (int i = 0; i < 1000; ++i) {
        const auto id = random_id(random);
        ASSERT_EQ(id.text().size(), 26U);
        ASSERT_EQ(EventId::from_text(id.text()), id);
        ASSERT_EQ(EventId::from_bytes(id.view()), id);
    }
}

TEST(EventId, IsReadAsPeopleTypeIt) {
    const auto id = derived_id({"a"});
    auto typed = id.text();
    for (auto& c : typed) {
        if (c == '0') c = 'O';
        else if (c == '1') c = 'l';
        else if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    EXPECT_EQ(EventId::from_text(typed), id);
}

TEST(EventId, HasOneTextOnly) {
    const auto text = derived_id({"a"}).text();
    EXPECT_EQ(EventId::from_text(text.substr(0, 25)), std::nullopt);
    EXPECT_EQ(EventId::from_text(text + "0"), std::nullopt);
    EXPECT_EQ(EventId::from_text(text.substr(0, 25) + "z"), std::nullopt) << "the padding must be zero";
    EXPECT_EQ(EventId::from_text(text.substr(0, 25) + "u"), std::nullopt) << "no such digit";
    EXPECT_EQ(EventId::from_bytes("short"), std::nullopt);
}

TEST(DerivedId, DependsOnEveryPartAndOnWhereItEnds) {
    const std::set<EventId> ids = {derived_id({"ab", "c"}), derived_id({"a", "bc"}), derived_id({"abc"}), derived_id({"ab", "c", ""}),
                                   derived_id({"c", "ab"}), derived_id({})};
    EXPECT_EQ(ids.size(), 6U);
}

TEST(DerivedId, StaysTheSameForEver) {
    EXPECT_EQ(derived_id({"lobby", "#ops", "m1", "message", "0"}).text(), "1myf8zdza1xn6hqbb9bn1ea8gg");
}

}  // namespace
}  // namespace parley::bus
