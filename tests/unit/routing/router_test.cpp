// Who receives what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/routing/router.h"

namespace parley::routing {
namespace {

using bus::Kind;
using bus::RoomAddress;
using bus::Visibility;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const RoomAddress lobby{"lobby", "#ops"}, work{"work", "ops@rooms"}, web{"web", "ops"}, alone{"lobby", "#alone"}, secret{"lobby", "#secret"};

Router router() {
    const std::vector<bus::Gateway> gateways = {{"ops", {lobby, work, web}}, {"second", {lobby, work, {"work", "more@rooms"}}}, {"third", {secret, {"web", "third"}}}};
    return Router(gateways, {{secret, Visibility::closed}});
}

bus::EventHeader event(const RoomAddress& room, Kind kind = Kind::message, std::string_view native_id = "n1",
                       Visibility visibility = Visibility::everyone) {
    return {bus::EventId{}, static_cast<std::uint32_t>(kind), room.account, room.room, native_id, visibility};
}

TEST(Router, SendsWhatWasSaidToEveryOtherRoomOfItsGateway) {
    EXPECT_THAT(router().recipients(event(web)), ElementsAre(lobby, work));
}
TEST(Router, NamesARoomOnceThatSharesTwoGateways) {
    EXPECT_THAT(router().recipients(event(lobby)), ElementsAre(work, web, RoomAddress{"work", "more@rooms"}));
}
TEST(Router, SendsWhatWeSayToItsOwnRoomToo) {
    EXPECT_THAT(router().recipients(event(web, Kind::run_output, "")), UnorderedElementsAre(web, lobby, work));
}
TEST(Router, AnswersInARoomWithoutAGateway) {
    EXPECT_THAT(router().recipients(event(alone, Kind::run_finished, "")), ElementsAre(alone));
    EXPECT_THAT(router().recipients(event(alone)), IsEmpty());
}
TEST(Router, LetsNothingOutOfADirectConversation) {
    EXPECT_THAT(router().recipients(event(lobby, Kind::message, "n1", Visibility::direct)), IsEmpty());
    EXPECT_THAT(router().recipients(event(lobby, Kind::message, "", Visibility::closed)), ElementsAre(lobby));
}
TEST(Router, LetsNothingOutOfARoomThatTheSettingsClose) {
    EXPECT_THAT(router().recipients(event(secret)), IsEmpty());
    EXPECT_THAT(router().recipients(event(secret, Kind::message, "")), ElementsAre(secret));
}
TEST(Router, KnowsWhichRecipientsAreOfOneAccount) {
    EXPECT_THAT(router().recipients(event(lobby), "work"), ElementsAre(work, RoomAddress{"work", "more@rooms"}));
    EXPECT_THAT(router().recipients(event(lobby), "lobby"), IsEmpty());
    EXPECT_THAT(router().recipients(event(alone, Kind::run_output, ""), "lobby"), ElementsAre(alone));
}
TEST(Router, ShowsNoBookkeepingInRooms) {
    for (const auto kind : {Kind::membership, Kind::command_requested, Kind::run_started, Kind::receipt}) {
        EXPECT_THAT(router().recipients(event(lobby, kind, "")), IsEmpty()) << bus::name(kind);
    }
}
TEST(Router, KnowsTheGatewaysOfARoom) {
    EXPECT_THAT(router().gateways_of(lobby), ElementsAre("ops", "second"));
    EXPECT_THAT(router().gateways_of(alone), IsEmpty());
    EXPECT_TRUE(router().in_gateway(lobby, "ops"));
    EXPECT_FALSE(router().in_gateway(lobby, "third"));
    EXPECT_THAT(router().mirrors(alone), ElementsAre(alone));
}

}  // namespace
}  // namespace parley::routing
