// Nicks that change in mid-stream, people's and our own: the words go on, each under the name of its moment.
#include "tests/scenarios/spine/streams.h"

namespace parley::tests {
namespace {

class Renamed : public Streams {
protected:
    // What Alice said and how she was called when she did.
    void alice_speaks_as(const std::string& nick, int from, int count) {
        alice->raw("NICK " + nick);
        for (const auto& line : numbered(of_alice, count, from)) {
            alice->say(channel, line);
            alices.push_back(line);
            alices_with_names.push_back("<" + nick + "> " + line);
        }
    }
    void carl_speaks_as(const std::string& nick, int from, int count) {
        carl->send(std::string("<presence to='") + muc + "/" + nick + "'/>");
        for (const auto& line : numbered(of_carl, count, from)) {
            carl->say(muc, line);
            carl_said.push_back(line);
            carls_with_names.push_back("<" + nick + "> " + line);
        }
    }
    static Lines told(const Lines& lines, const std::string& stream) {
        Lines out;
        for (const auto& line : lines)
            if (line.find(stream) != std::string::npos) out.push_back(line.substr(std::min(line.find("> ") + 2, line.size())));
        return out;
    }
    Lines alices_with_names, carls_with_names;
};

TEST_F(Renamed, PeopleLoseNoWordAndEachIsToldUnderTheNameOfItsMoment) {
    for (int round = 0; round < 8; ++round) {
        alice_speaks_as(round % 2 == 0 ? "alicia" : "alice", 10 * round, 10);
        carl_speaks_as(round % 2 == 0 ? "carlo" : "carl", 10 * round, 10);
        bob_says(10 * round, 10);
    }
    const auto side = on_inspircd();
    const auto heard = person_hears(side);
    EXPECT_THAT(told(heard, of_alice), testing::ElementsAreArray(alices_with_names)) << house.logs();
    EXPECT_THAT(told(heard, of_carl), testing::ElementsAreArray(carls_with_names)) << house.logs();
    EXPECT_THAT(pages(of_alice, alices.size()), testing::ElementsAreArray(alices));
    EXPECT_THAT(carls(of_alice), testing::ElementsAreArray(alices));
}

// An operator gives our bridge another nick in the middle of what it says: it says on, and takes nothing of ours for
// somebody else's words.
TEST_F(Renamed, OurOwnNickMayBeTakenFromUsInMidDelivery) {
    IrcClient oper(large.port(), "oper");
    oper.oper();
    std::string now = "parley";
    for (int round = 0; round < 8; ++round) {
        alice_says(10 * round, 10);
        const auto next = "parley" + std::to_string(round);
        oper.raw("SANICK " + now + " " + next);
        now = next;
        carl_says(10 * round, 10);
        bob_says(10 * round, 5);
    }
    const auto side = on_inspircd();
    auto bob_heard = person_hears(side), alice_heard = other_hears(side);
    settle_both(side, bob_heard, alice_heard);
    EXPECT_THAT(of_stream(bob_heard, of_alice), testing::ElementsAreArray(alices)) << house.logs();
    EXPECT_THAT(of_stream(bob_heard, of_carl), testing::ElementsAreArray(carl_said)) << house.logs();
    EXPECT_THAT(of_stream(alice_heard, of_bob), testing::ElementsAreArray(bobs)) << house.logs();
    EXPECT_THAT(of_stream(alice_heard, of_carl), testing::ElementsAreArray(carl_said)) << "and nothing comes back";
}

}  // namespace
}  // namespace parley::tests
