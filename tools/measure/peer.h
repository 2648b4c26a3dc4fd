// Another bridge between the same servers: matterbridge (https://github.com/42wim/matterbridge), if its program is there. It keeps
// nothing on disk. Its own limits are off, as ours are: the least delay and the longest queue that it takes.
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tools/measure/people.h"

namespace parley::measure {

// From one room to another.
struct Way {
    std::string name;
    Place from, to;
    std::size_t speakers = 1;
    Person::Stands stands = Person::Stands::inside;
};

class Peer {
public:
    // One process for all ways. On XMPP it signs in as "peer" with the password "secret".
    Peer(const std::string& program, const std::vector<Way>& ways);
    pid_t pid() const { return process_.pid(); }

private:
    tests::TempFolder folder_{"parley-peer"};
    tests::Process process_;
};

}  // namespace parley::measure
