// Streams of numbered messages through all four rooms, and what must be true of them after something was killed.
#pragma once

#include <functional>
#include <map>

#include "tests/scenarios/spine/four_rooms.h"

namespace parley::tests {

inline constexpr auto doubt_mark = "(maybe again) ";

// Nothing lost, nothing out of order, and nothing twice without its mark. `lines` as they came, with their speakers.
inline void expect_all_told(const Lines& lines, const Lines& said, const std::string& stream) {
    std::map<std::string, int> plain, told;
    Lines first;
    for (const auto& line : lines) {
        const auto at = line.find(stream);
        if (at == std::string::npos) continue;
        const auto words = line.substr(at);
        if (told[words]++ == 0) first.push_back(words);
        if (line.find(doubt_mark) > at) ++plain[words];
    }
    EXPECT_THAT(first, testing::ElementsAreArray(said)) << "of " << stream;
    for (const auto& [words, count] : plain) EXPECT_LE(count, 1) << words << " came twice without a mark";
}

// What each of the four has said so far: ngircd's Alice, InspIRCd's Bob, Prosody's Carl and the operator on the page.
class Streams : public FourRooms {
protected:
    static constexpr auto of_alice = "alice's ", of_bob = "bob's ", of_carl = "carl's ", of_page = "page's ";

    void alice_says(int from, int count) {
        for (const auto& line : numbered(of_alice, count, from)) alice->say(channel, line), alices.push_back(line);
    }
    void bob_says(int from, int count) {
        for (const auto& line : numbered(of_bob, count, from)) bob->say(channel, line), bobs.push_back(line);
    }
    void carl_says(int from, int count) {
        for (const auto& line : numbered(of_carl, count, from)) carl->say(muc, line), carl_said.push_back(line);
    }
    void page_says(int from, int count) {
        for (const auto& line : numbered(of_page, count, from)) house.say(page, line, 60s), page_said.push_back(line);
    }
    // Everything that Alice and Bob hear until they have heard all of the others' streams.
    Lines hear(IrcClient& person, const std::vector<std::pair<std::string, Lines>>& streams, Lines before = {}) {
        const auto complete = [&](const Lines& lines) {
            return std::all_of(streams.begin(), streams.end(), [&](const auto& stream) {
                return stream.second.empty() || count_of(lines, stream.second.back()) + count_of(before, stream.second.back()) > 0;
            });
        };
        const auto more = person.hears_until(channel, complete, 60s);
        before.insert(before.end(), more.begin(), more.end());
        return before;
    }

    Lines alices, bobs, carl_said, page_said;

    // One IRC network as a test sees it that holds for both: `person` is on it, `other` on the other one.
    struct Side {
        std::unique_ptr<IrcClient>&person, &other;
        IrcServer& server;
        std::string account, stream, other_stream;
        Lines &said, &other_said;
        Lines Heard::*by_person, Heard::*by_other;
        std::function<void(int, int)> says, other_says;
    };
    Side on_ngircd() {
        return {alice, bob, small, "small", of_alice, of_bob, alices, bobs, &Heard::alice, &Heard::bob,
                [this](int from, int count) { alice_says(from, count); }, [this](int from, int count) { bob_says(from, count); }};
    }
    Side on_inspircd() {
        return {bob, alice, large, "large", of_bob, of_alice, bobs, alices, &Heard::bob, &Heard::alice,
                [this](int from, int count) { bob_says(from, count); }, [this](int from, int count) { alice_says(from, count); }};
    }
    Lines person_hears(const Side& side, Lines before = {}) {
        return hear(*side.person, {{side.other_stream, side.other_said}, {of_carl, carl_said}, {of_page, page_said}}, std::move(before));
    }
    Lines other_hears(const Side& side, Lines before = {}) {
        return hear(*side.other, {{side.stream, side.said}, {of_carl, carl_said}, {of_page, page_said}}, std::move(before));
    }
    // Adds what both hear until everything that was journaled so far has been told.
    void settle_both(const Side& side, Lines& by_person, Lines& by_other) {
        const auto rest = settle();
        const auto add = [](Lines& to, const Lines& more) { to.insert(to.end(), more.begin(), more.end()); };
        add(by_person, rest.*side.by_person);
        add(by_other, rest.*side.by_other);
    }
    // On the side of what was killed words in doubt may come again, if they are marked; elsewhere everything once.
    void expect_others_told(const Side& side, const Lines& by_person, const Lines& by_other) {
        expect_all_told(by_person, side.other_said, side.other_stream);
        expect_all_told(by_person, carl_said, of_carl);
        expect_all_told(by_person, page_said, of_page);
        EXPECT_THAT(of_stream(by_other, of_carl), testing::ElementsAreArray(carl_said));
        EXPECT_THAT(of_stream(by_other, of_page), testing::ElementsAreArray(page_said));
    }
};

}  // namespace parley::tests
