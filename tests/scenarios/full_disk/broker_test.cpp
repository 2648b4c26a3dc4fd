// The broker's journal on a full disk: publishers are refused and told what to do, bridges keep what they have.
#include "tests/scenarios/full_disk/on_a_small_disk.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

class FullJournal : public OnASmallDisk {};

TEST_F(FullJournal, RefusesThePageAndLosesNothingOfABridge) {
    begin("journal");
    disk->fill();
    const int said = until_full("broker", "the journal cannot be written", [&](int i) { alice.say("#lobby", fmt::format("over there {}.", i)); });

    // Where many do not fit, one of them may.
    auto refused = house.post("/api/rooms/web%2Flobby/messages", nlohmann::json{{"text", std::string(7'900, 'x')}}.dump());
    for (int i = 0; i < 20 && refused.status == 201; ++i) refused = house.post("/api/rooms/web%2Flobby/messages", nlohmann::json{{"text", std::string(7'900, 'x')}}.dump());
    EXPECT_GE(refused.status, 500);
    EXPECT_THAT(refused.body, HasSubstr("free some space"));
    EXPECT_THAT(ask("broker", "status")["trouble"].text(), AllOf(HasSubstr("disk is full"), HasSubstr("free some space")));
    nothing_has_ended();

    disk->make_room();
    const auto wanted = numbered("over there", said);
    ASSERT_TRUE(wait_until([&] { return !archived_texts(wanted.back()).empty(); }, 30s)) << house.logs();
    EXPECT_THAT(archived_texts("over there"), ElementsAreArray(wanted));
    EXPECT_EQ(house.post("/api/rooms/web%2Flobby/messages", R"({"text":"room again"})").status, 201);
    EXPECT_FALSE(alice.expect("room again").empty());
    EXPECT_EQ(ask("broker", "status")["trouble"].text(), "");
    nothing_has_ended();
}

}  // namespace
}  // namespace parley::tests
