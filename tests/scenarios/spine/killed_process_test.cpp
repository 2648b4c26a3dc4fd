// kill -9 of each of Parley's own processes in mid-stream, in the house of four platforms: what was said everywhere is
// compared with what was heard everywhere, and with the archive.
#include <atomic>
#include <future>
#include <nlohmann/json.hpp>

#include "tests/scenarios/spine/streams.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using testing::ElementsAreArray;

class KilledProcess : public Streams {
protected:
    // The page says its own stream meanwhile, as fast as it may, and again what it got no answer for.
    static constexpr int of_page_in_all = 30, of_page_before = 8;

    void killed_in_mid_stream(const std::string& name) {
        auto paging = std::async(std::launch::async, [this] {
            for (int i = 0; i < of_page_in_all; ++i) {
                page_says(i, 1);
                ++paged_;
            }
        });
        everybody_says(0, 20);
        ASSERT_TRUE(wait_until([&] { return paged_ >= of_page_before; }, 30s)) << house.logs();
        everybody_says(20, 10);
        house.kill(name);
        everybody_says(30, 16);
        house.start(name);
        paging.get();
    }
    void everybody_says(int from, int count) {
        for (int i = from; i < from + count; ++i) {
            alice_says(i, 1);
            bob_says(i, 1);
            if (i % 2 == 0) carl_says(i / 2, 1);
        }
    }
    // What Alice and Bob have heard when everything has been told.
    Heard hear_everything() {
        const auto side = on_ngircd();
        Heard out{person_hears(side), other_hears(side)};
        settle_both(side, out.alice, out.bob);
        return out;
    }
    void expect_in_the_archive(const Lines& said, const std::string& stream) {
        EXPECT_THAT(pages(stream, said.size()), ElementsAreArray(said)) << "of " << stream << house.logs();
    }
    // Nothing was lost, doubled or marked anywhere.
    void expect_everything_everywhere() {
        const auto heard = hear_everything();
        for (const auto& [stream, said] : {std::pair(of_bob, &bobs), {of_carl, &carl_said}, {of_page, &page_said}})
            EXPECT_THAT(of_stream(heard.alice, stream), ElementsAreArray(*said)) << "of " << stream;
        for (const auto& [stream, said] : {std::pair(of_alice, &alices), {of_carl, &carl_said}, {of_page, &page_said}})
            EXPECT_THAT(of_stream(heard.bob, stream), ElementsAreArray(*said)) << "of " << stream;
        EXPECT_EQ(count_of(heard.alice, doubt_mark) + count_of(heard.bob, doubt_mark), 0U);
        expect_on_prosody_and_in_the_archive();
    }
    void expect_on_prosody_and_in_the_archive() {
        for (const auto& [stream, said] : {std::pair(of_alice, &alices), {of_bob, &bobs}, {of_carl, &carl_said}, {of_page, &page_said}}) {
            EXPECT_THAT(carls(stream), ElementsAreArray(*said)) << "of " << stream;
            expect_in_the_archive(*said, stream);
        }
    }

private:
    std::atomic<int> paged_ = 0;
};

TEST_F(KilledProcess, TheBrokerLosesAndDoublesNothingOnAnyPlatform) {
    killed_in_mid_stream("broker");
    expect_everything_everywhere();
}

TEST_F(KilledProcess, TheIndexerLosesAndDoublesNothingOnAnyPlatform) {
    killed_in_mid_stream("indexer");
    expect_everything_everywhere();
}

TEST_F(KilledProcess, TheWebServerLosesAndDoublesNothingOnAnyPlatform) {
    killed_in_mid_stream("web");
    expect_everything_everywhere();
}

TEST_F(KilledProcess, TheWorkerLosesAndDoublesNothingOnAnyPlatformAndAnswersAgain) {
    killed_in_mid_stream("worker");
    expect_everything_everywhere();
    carl->say(muc, "!echo here-again");
    EXPECT_NE(alice->expect("PRIVMSG #lobby :here-again", 20s), "") << house.logs();
    EXPECT_TRUE(carl->hears("here-again", 20s));
}

// What was said in the room of a dead bridge, on a network that keeps no history, cannot be fetched: a marker says so.
class KilledIrcBridge : public KilledProcess {
protected:
    struct Said {
        std::string line;
        std::int64_t from_us, to_us;
    };
    static std::int64_t now_us() {
        return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
    struct Gap {
        std::int64_t from_us, to_us;
    };
    std::vector<Gap> gaps(const std::string& account) {
        std::vector<Gap> out;
        const auto answer = json::parse(house.get("/api/rooms/" + url_encoded(page) + "/messages?limit=500").body);
        for (const auto& event : answer["events"]) {
            if (event.value("kind", "") == "gap" && event.value("account", "") == account)
                out.push_back({event.value("from_us", std::int64_t{}), event.value("to_us", std::int64_t{})});
        }
        return out;
    }
    // `heard` lacks only lines that were said in a stretch that a marker names; nothing else is out of place.
    void expect_only_gaps(const Lines& heard, const std::vector<Said>& said, const std::string& account) {
        // The rooms are told of it before the archive has it.
        std::vector<Gap> stretches;
        wait_until([&] { return !(stretches = gaps(account)).empty(); }, 5s);
        EXPECT_EQ(stretches.size(), 1U);
        // The marker begins when the bridge last noted that it was there, once a second; a line just before may have been on
        // its way.
        constexpr std::int64_t on_its_way_us = 1'000'000;
        auto next = heard.begin();
        for (const auto& one : said) {
            if (next != heard.end() && *next == one.line) {
                ++next;
                continue;
            }
            EXPECT_TRUE(std::any_of(stretches.begin(), stretches.end(), [&](const Gap& gap) {
                return one.to_us + on_its_way_us >= gap.from_us && one.from_us <= gap.to_us;
            })) << one.line << " is missing and no marker says so";
        }
        EXPECT_TRUE(next == heard.end()) << *next << " is doubled or out of order";
    }
    void expect_only_gaps_where_it_was_dead(const Side& side) {
        std::vector<Said> said;
        const auto speaks = [&](int from, int count) {
            for (int i = from; i < from + count; ++i) {
                const auto begin = now_us();
                side.says(i, 1);
                said.push_back({side.said.back(), begin, now_us()});
            }
        };
        speaks(0, 20);
        side.other_says(0, 20);
        carl_says(0, 10);
        page_says(0, 8);
        house.kill(side.account + ":irc");
        speaks(20, 10);
        side.other_says(20, 20);
        carl_says(10, 10);
        page_says(8, 8);
        house.start(side.account + ":irc");
        auto heard = person_hears(side);  // so it is back
        speaks(30, 20);
        auto other_heard = other_hears(side);
        settle_both(side, heard, other_heard);

        expect_others_told(side, heard, other_heard);
        const auto passed_on = of_stream(other_heard, side.stream);
        expect_only_gaps(passed_on, said, side.account);
        EXPECT_EQ(count_of(other_heard, "on " + side.account + "/#lobby is not available: the bridge was away"), 1U) << house.logs();
        EXPECT_THAT(carls(side.stream), ElementsAreArray(passed_on));
        expect_in_the_archive(passed_on, side.stream);
        expect_in_the_archive(side.other_said, side.other_stream);
        expect_in_the_archive(page_said, of_page);
    }
};

TEST_F(KilledIrcBridge, OfNgircdTellsAllThatWasSaidElsewhereAndMarksWhatItMissed) {
    expect_only_gaps_where_it_was_dead(on_ngircd());
}

TEST_F(KilledIrcBridge, OfInspircdTellsAllThatWasSaidElsewhereAndMarksWhatItMissed) {
    expect_only_gaps_where_it_was_dead(on_inspircd());
}

// A room on Prosody keeps what was said: the bridge fetches it when it is back, and looks there whether its own words came.
TEST_F(KilledProcess, TheXmppBridgeLosesAndDoublesNothingOnAnyPlatform) {
    killed_in_mid_stream("work:xmpp");
    expect_everything_everywhere();
}

}  // namespace
}  // namespace parley::tests
