// Streams of numbered messages through all four rooms, and what must be true of them after something was killed.
#pragma once

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
};

}  // namespace parley::tests
