// All four platforms at once: ngircd, InspIRCd, Prosody and the page.
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/four_rooms.h"
#include "tests/support/slowdown.h"

namespace parley::tests {
namespace {

using testing::ElementsAreArray;

class Everywhere : public FourRooms {
protected:
    static constexpr int count = 30;
};

TEST_F(Everywhere, EachMessageArrivesOnceAndInOrderOnTheThreeOtherPlatforms) {
    for (int i = 0; i < count; ++i) {
        alice->say(channel, fmt::format("of ngircd {}", i));
        bob->say(channel, fmt::format("of InspIRCd {}", i));
        carl->say(muc, fmt::format("of Prosody {}", i));
        house.say(page, fmt::format("of the page {}", i));
    }
    constexpr std::size_t of_others = 3 * count;
    const auto enough = [](const Lines& lines) { return count_of(lines, "of ") >= of_others; };
    auto alices = alice->hears_until(channel, enough, 30s), bobs = bob->hears_until(channel, enough, 30s);
    // And nothing comes after it.
    const auto more = settle();
    alices.insert(alices.end(), more.alice.begin(), more.alice.end());
    bobs.insert(bobs.end(), more.bob.begin(), more.bob.end());
    const auto carls = carl->heard_so_far(muc);

    EXPECT_THAT(of_stream(alices, "<bob> of "), ElementsAreArray(numbered("<bob> of InspIRCd ", count)));
    EXPECT_THAT(of_stream(alices, "<carl> of "), ElementsAreArray(numbered("<carl> of Prosody ", count)));
    EXPECT_THAT(of_stream(alices, "<operator> of "), ElementsAreArray(numbered("<operator> of the page ", count)));
    EXPECT_EQ(count_of(alices, "of ngircd"), 0U);
    EXPECT_THAT(of_stream(bobs, "<alice> of "), ElementsAreArray(numbered("<alice> of ngircd ", count)));
    EXPECT_THAT(of_stream(bobs, "<carl> of "), ElementsAreArray(numbered("<carl> of Prosody ", count)));
    EXPECT_THAT(of_stream(bobs, "<operator> of "), ElementsAreArray(numbered("<operator> of the page ", count)));
    EXPECT_EQ(count_of(bobs, "of InspIRCd"), 0U);
    EXPECT_THAT(of_stream(carls, "<alice> of "), ElementsAreArray(numbered("<alice> of ngircd ", count)));
    EXPECT_THAT(of_stream(carls, "<bob> of "), ElementsAreArray(numbered("<bob> of InspIRCd ", count)));
    EXPECT_THAT(of_stream(carls, "<operator> of "), ElementsAreArray(numbered("<operator> of the page ", count)));
    EXPECT_THAT(of_stream(carls, "<carl> of "), ElementsAreArray(numbered("<carl> of Prosody ", count)));
    EXPECT_THAT(pages("of ngircd", count), ElementsAreArray(numbered("of ngircd ", count)));
    EXPECT_THAT(pages("of InspIRCd", count), ElementsAreArray(numbered("of InspIRCd ", count)));
    EXPECT_THAT(pages("of Prosody", count), ElementsAreArray(numbered("of Prosody ", count)));
    EXPECT_THAT(pages("of the page", count), ElementsAreArray(numbered("of the page ", count)));
}

// A command asked on one platform: its answer is heard on all, and from then on a second is all that the record takes.
class Asked : public FourRooms {
protected:
    void expect_answer_everywhere(const std::string& word, const std::function<void(const std::string&)>& say) {
        say("!echo " + word);
        const auto answer = "> " + word;  // the end of "<parley> word"; the question has another end
        const auto heard = [&](IrcClient& person) {
            return count_of(person.hears_until(channel, [&](const Lines& lines) { return count_of(lines, answer) > 0; }), answer);
        };
        EXPECT_EQ(heard(*alice), 1U) << house.logs();
        EXPECT_EQ(heard(*bob), 1U) << house.logs();
        EXPECT_TRUE(carl->hears(word)) << house.logs();
        const auto answered = std::chrono::steady_clock::now();
        const auto took = [&] { return std::chrono::steady_clock::now() - answered; };
        ASSERT_TRUE(wait_until([&] { return !house.search("command:echo outcome:succeeded " + word).empty(); })) << house.logs();
        EXPECT_LT(took(), 1s * slowdown) << "until the API found the run";
        EXPECT_TRUE(wait_until([&] { return count_of(house.page_hears(page, word), word) >= 2; })) << house.logs();
        EXPECT_LT(took(), 1s * slowdown) << "until the page showed question and answer";
        // Whoever asks in chat gets the run, too: the hit names the room where it was asked.
        say("!search command:echo " + word);
        const auto hits = alice->hears_until(channel, [&](const Lines& lines) {
            return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find("/search?q=") != std::string::npos; });
        });
        EXPECT_LT(took(), 1s * slowdown) << "until !search had answered";
        EXPECT_TRUE(std::any_of(hits.begin(), hits.end(), [&](const auto& line) {
            return line.find("<parley>") == 0 && line.find("lobby") != std::string::npos && line.find(word) != std::string::npos;
        })) << testing::PrintToString(hits);
    }
};

TEST_F(Asked, OnNgircdItIsAnsweredOnAllPlatformsAndFoundWithinASecond) {
    expect_answer_everywhere("apricot", [&](const std::string& words) { alice->say(channel, words); });
}

TEST_F(Asked, OnInspircdItIsAnsweredOnAllPlatformsAndFoundWithinASecond) {
    expect_answer_everywhere("blueberry", [&](const std::string& words) { bob->say(channel, words); });
}

TEST_F(Asked, OnProsodyItIsAnsweredOnAllPlatformsAndFoundWithinASecond) {
    expect_answer_everywhere("cranberry", [&](const std::string& words) { carl->say(muc, words); });
}

TEST_F(Asked, OnThePageItIsAnsweredOnAllPlatformsAndFoundWithinASecond) {
    expect_answer_everywhere("damson", [&](const std::string& words) { house.say(page, words); });
}

TEST_F(Asked, WronglyItIsAnsweredWithCodeInEachPlatformsOwnWay) {
    carl->say(muc, "!ehco x");
    EXPECT_NE(alice->expect("Did you mean \x11" "echo\x11?"), "") << house.logs();  // mIRC's monospace
    EXPECT_TRUE(carl->hears("no command `ehco`. Did you mean `echo`? `!help` lists them all"));  // XEP-0393
    ASSERT_TRUE(wait_until([&] { return house.page_hears(page, "Did you mean echo?").size() == 1; }));
    EXPECT_THAT(house.get("/room/" + url_encoded(page)).body, testing::HasSubstr("Did you mean <code>echo</code>?"));
}

}  // namespace
}  // namespace parley::tests
