#include "tools/measure/peer.h"

#include <fmt/format.h>

#include <set>

namespace parley::measure {
namespace {

std::string account(const Place& place) { return fmt::format("{}.p{}", place.kind == Place::Kind::irc ? "irc" : "xmpp", place.port); }

std::string section(const Place& place) {
    const auto head = fmt::format("[{}]\nServer = \"127.0.0.1:{}\"\nNick = \"peer\"\nRemoteNickFormat = \"{{NICK}}: \"\n", account(place), place.port);
    if (place.kind == Place::Kind::irc) return head + "MessageDelay = 1\nMessageQueue = 100000\nMessageLength = 400\n";
    return head + "Jid = \"peer@localhost\"\nPassword = \"secret\"\nMuc = \"conference.localhost\"\nNoTLS = true\n";
}

std::string room(const Place& place) {
    return fmt::format("[[gateway.inout]]\naccount = \"{}\"\nchannel = \"{}\"\n", account(place), place.room.substr(0, place.room.find('@')));
}

std::string settings(const std::vector<Way>& ways) {
    std::string accounts, gateways;
    std::set<std::string> known, places;
    for (const auto& way : ways) {
        for (const auto* place : {&way.from, &way.to})
            if (known.insert(account(*place)).second) accounts += section(*place);
        if (!places.insert(std::min(way.from.text(), way.to.text())).second) continue;  // the way back
        gateways += fmt::format("[[gateway]]\nname = \"{}\"\nenable = true\n", way.name) + room(way.from) + room(way.to);
    }
    return accounts + gateways;
}

}  // namespace

Peer::Peer(const std::string& program, const std::vector<Way>& ways)
    : process_({.argv = {program, "-conf", folder_.write("peer.toml", settings(ways)).string()}, .log = folder_.path() / "peer.log"}) {}

}  // namespace parley::measure
