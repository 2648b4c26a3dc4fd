// A whole house on real servers: ngircd behind a keeper, InspIRCd, Prosody and the page mirror one another, each bridge
// reaches its server through a wire that can be cut, and somebody talks in each room.
#pragma once

#include <array>

#include "tests/faults/soak/checker.h"
#include "tests/faults/soak/irc_person.h"
#include "tests/faults/soak/page_person.h"
#include "tests/faults/soak/xmpp_person.h"
#include "tests/support/house.h"
#include "tests/support/irc_server.h"
#include "tests/support/proxy.h"
#include "tests/support/xmpp_server.h"

namespace parley::soak {

using namespace std::chrono_literals;

class Stage {
public:
    struct Options {
        std::string more_small, more_large;  // settings of the two IRC accounts, beside ours
        double small_per_second = 0;         // the pace of the bridge on ngircd; 0: as fast as it takes them
        std::string more;                    // more tables
    };
    explicit Stage(Options options);
    Stage() : Stage(Options{}) {}
    ~Stage();

    // Everything started, everybody in their rooms, and each hears each other. Throws std::runtime_error if that fails.
    void begin();
    void talk(double per_second);  // each of them
    // Each says one more thing, and everybody has heard all of them. False at the deadline.
    bool settle(std::chrono::milliseconds deadline);
    // Everybody falls silent, and all that was said comes to rest; then what there is to say about it. May be called again
    // after more talk().
    Verdict rest(std::chrono::milliseconds deadline);

    // An IRC server that dies has worked off what it was told; nobody speaks on the new one before somebody listens there.
    void kill_irc(tests::IrcServer& server, tests::Proxy& wire, IrcPerson& person);
    void revive_irc(tests::IrcServer& server, tests::Proxy& wire, IrcPerson& person);

    void save_logs(const std::filesystem::path& folder);  // of the house and its servers, and what was said and heard

    const std::array<Person*, 4>& people() const { return people_; }
    // Departures of witnesses that nothing we did explains: then what they heard says little.
    unsigned unexplained() const;

    static constexpr auto channel = "#lobby", muc = "lobby@conference.localhost", page_room = "web/lobby";
    tests::IrcServer small{tests::IrcServer::Kind::ngircd}, large{tests::IrcServer::Kind::inspircd};
    tests::XmppServer xmpp{{"parley", "carl", "reader"}, tests::XmppServer::Made::lasting};
    tests::Proxy to_small{small.port()}, to_large{large.port()}, to_xmpp{xmpp.port()};
    tests::TempFolder scratch{"parley-soak"};
    tests::House house;
    IrcPerson alice, bob;
    XmppPerson carl;
    PagePerson page;

private:
    std::string settings(const Options& options) const;
    Record record();
    const Ear& room_archive();
    bool heard_everywhere(const Person& speaker, const std::string& id);

    std::array<Person*, 4> people_{&alice, &bob, &carl, &page};
    Ear room_archive_{std::string("work/") + muc, {}, true};
    std::string room_archive_read_;  // so far
    unsigned killed_ = 0, starts_ = 0;
};

}  // namespace parley::soak
