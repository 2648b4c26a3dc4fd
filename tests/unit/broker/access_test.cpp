// Who may say and offer what.
#include "broker/access.h"

#include "tests/unit/broker/fixture.h"

namespace parley::broker {
namespace {

using bus::Role;
using service::Code;

bus::HouseSettings house() {
    bus::HouseSettings settings;
    settings.accounts = {{"irc", "irc"}, {"web", "web"}};
    return settings;
}
Code publishing(Role role, const std::string& name, const bus::Event& event) { return may_publish(role, name, event, house()).code; }
bus::Event ours(bus::Body body) {
    auto event = said("irc", "", "");
    event.body = std::move(body);
    return event;
}

TEST(Access, NobodyButTheBrokerJournalsWhatRuns) {
    for (const auto role : {Role::bridge, Role::worker, Role::indexer, Role::web, Role::operator_}) {
        EXPECT_EQ(publishing(role, "irc", ours(bus::CommandRequested{})), Code::denied);
        EXPECT_EQ(publishing(role, "irc", ours(bus::RunFinished{})), Code::denied);
    }
}
TEST(Access, ABridgeSpeaksAsItself) {
    EXPECT_EQ(publishing(Role::bridge, "irc", said("irc", "1", "x")), Code::ok);
    EXPECT_EQ(publishing(Role::bridge, "xmpp", said("irc", "1", "x")), Code::denied);
}
TEST(Access, AWorkerSpeaksForNoPlatform) {
    EXPECT_EQ(publishing(Role::worker, "w1", ours(bus::RunOutput{})), Code::ok);
    EXPECT_EQ(publishing(Role::worker, "w1", said("irc", "1", "x")), Code::denied);
}
TEST(Access, ThePageSpeaksForItsOwnRooms) {
    EXPECT_EQ(publishing(Role::web, "web", said("web", "1", "x")), Code::ok);
    EXPECT_EQ(publishing(Role::web, "web", said("irc", "1", "x")), Code::denied);
}
TEST(Access, TheIndexerOnlyListens) { EXPECT_EQ(publishing(Role::indexer, "indexer", said("irc", "1", "x")), Code::denied); }
TEST(Access, AnEventNeedsAnId) {
    auto event = said("irc", "1", "x");
    event.id = {};
    EXPECT_EQ(publishing(Role::bridge, "irc", event), Code::invalid);
}
TEST(Access, ABridgeOffersItsOwnAccountOnly) {
    EXPECT_EQ(may_serve(Role::bridge, "irc", "account.irc").code, Code::ok);
    EXPECT_EQ(may_serve(Role::bridge, "irc", "archive").code, Code::denied);
    EXPECT_EQ(may_serve(Role::indexer, "indexer", "archive").code, Code::ok);
    EXPECT_EQ(may_serve(Role::operator_, "cli", "broker").code, Code::denied);
    EXPECT_EQ(may_serve(Role::web, "web", "").code, Code::invalid);
}

}  // namespace
}  // namespace parley::broker
